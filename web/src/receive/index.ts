/** The receiver of a DynMap server's live events, as the map uses it and as others import it: `@dynmap/receiver`. */

export { connect, type Options, Receiver, RefusedError, type Step, type Told, type Wanted } from "./connect.ts";
export { decode, type Frame, FrameError, isCounted, isDrawn, isRest, Kind } from "./frame.ts";
export { Ledger, type OnCommitted } from "./ledger.ts";
export type { IngestState, SourceState, Stats, Subscribed } from "./messages.ts";
export type { ConnectionState, Refusal } from "./socket.ts";
export { type Area, follow, type Tile, tilesFor, type View } from "./tiles.ts";
export { TopicTable } from "./topics.ts";
export { degreesOf, lonLat, placeOf, worldOf } from "./world.ts";

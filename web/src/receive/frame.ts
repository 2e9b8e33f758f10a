/** The binary frames of `/api/live` (`DYN1`, section 6 of the design), taken apart without copying. */

export const Kind = {
  /** Draw and count. */
  live: 0,
  /** Replaces what is drawn; never counted. */
  picture: 1,
  /** Draw at the replay's pace; never counted. */
  replay: 2,
  /** Several ticks merged for a viewer that fell behind: counted exactly, drawn as old as it is. */
  caughtUp: 3,
  /** Additions to the past: counted, not drawn. */
  old: 4,
} as const;

export type Kind = (typeof Kind)[keyof typeof Kind];

/** What happened in `covers` ms from `tick` on, in one tile, in cells of one size. Columns are views of the message. */
export interface Frame {
  readonly kind: Kind;
  /** The tile: zoom, column, row. */
  readonly z: number;
  readonly tileX: number;
  readonly tileY: number;
  /** Cell size: the tile's side is 2^bits cells. 16 is as fine as the wire goes. */
  readonly bits: number;
  readonly subscription: number;
  /** Start, ms since 1970, server time. */
  readonly tick: number;
  readonly covers: number;
  readonly n: number;
  /** Centre of the cell inside the tile, in 1/65536 of its side, rounded down. */
  readonly x: Uint16Array<ArrayBuffer>;
  readonly y: Uint16Array<ArrayBuffer>;
  readonly topic: Uint16Array<ArrayBuffer>;
  readonly count: Uint32Array<ArrayBuffer>;
}

export const HEADER_BYTES = 32;
/** The wire's finest cell: positions are in 1/65536 of the tile's side. */
export const TILE_BITS = 16;
const MAGIC = 0x314e5944; // "DYN1", read as a little-endian u32
const MOST_ZOOM = 24;

export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** Bytes of a frame of n rows: header, three u16 columns, padding to 4, one u32 column. */
export function bytesOf(n: number): number {
  return countsAt(n) + 4 * n;
}

function countsAt(n: number): number {
  return HEADER_BYTES + 6 * n + 2 * (n % 2);
}

/**
 * A frame as columns over the message's own bytes.
 *
 * Typed arrays take the machine's byte order; every browser's machine is little-endian, as the wire is.
 * Throws FrameError when the bytes are not one whole frame.
 */
export function decode(message: ArrayBuffer): Frame {
  if (message.byteLength < HEADER_BYTES) throw new FrameError(`a frame can't have ${message.byteLength} bytes`);
  const header = new DataView(message, 0, HEADER_BYTES);
  if (header.getUint32(0, true) !== MAGIC) throw new FrameError("not a DYN1 frame");
  const [kind, z, bits] = [header.getUint8(4), header.getUint8(5), header.getUint8(6)];
  if (kind > Kind.old) throw new FrameError(`a frame of unknown kind ${kind}`);
  if (z > MOST_ZOOM || bits > TILE_BITS) throw new FrameError(`a frame of zoom ${z} can't have cells of ${bits} bits`);
  const n = header.getUint32(28, true);
  if (message.byteLength !== bytesOf(n)) throw new FrameError(`${n} rows can't fill ${message.byteLength} bytes`);
  return {
    kind: kind as Kind,
    z,
    bits,
    subscription: header.getUint8(7),
    tileX: header.getUint32(8, true),
    tileY: header.getUint32(12, true),
    tick: header.getFloat64(16, true),
    covers: header.getUint32(24, true),
    n,
    x: new Uint16Array(message, HEADER_BYTES, n),
    y: new Uint16Array(message, HEADER_BYTES + 2 * n, n),
    topic: new Uint16Array(message, HEADER_BYTES + 4 * n, n),
    count: new Uint32Array(message, countsAt(n), n),
  };
}

export function isCounted(kind: Kind): boolean {
  return kind === Kind.live || kind === Kind.caughtUp || kind === Kind.old;
}

/** What lies outside the tiles of a subscription, one row a topic, so that totals stay those of the whole world. It has no place. */
export function isRest({ z, bits }: Pick<Frame, "z" | "bits">): boolean {
  return z === 0 && bits === 0;
}

export function isDrawn(frame: Pick<Frame, "kind" | "z" | "bits">): boolean {
  return frame.kind !== Kind.old && !isRest(frame);
}

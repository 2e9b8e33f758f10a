import type { Map as MapLibre } from "maplibre-gl";
import type { Page } from "./page.ts";
import type { Area } from "./receive/tiles.ts";
import * as store from "./state/store.ts";
import type { LayerStats } from "./view/live/layer.ts";

/** `state()` of the handle: plain values, taken from the account itself and not from what the panels show. */
export interface State {
  connected: boolean;
  /** Located events up to the last mark. */
  located: number;
  committedCursor: string | null;
  /** Likewise, by topic. */
  topics: Record<string, number>;
  /** The XYZ tiles of which it is drawn what happens, as of the last mark; null for the whole world. */
  tiles: Area;
  /** Located per second, as the server says. */
  rate: number;
  /** Of the server since it started, as of its last `stats`. */
  received: number;
  unlocated: number;
  rejected: number;
  layer: Readonly<LayerStats>;
}

/** `window.dynmap`: for programs that embed the page, and for tests. */
export interface Handle {
  /** The MapLibre map, once it is there; stays null without WebGL2. */
  map: MapLibre | null;
  state(): State;
  /** Lets the picture stand still at this time of the server (ms since 1970), or go on (null). */
  hold(at: number | null): void;
}

declare global {
  interface Window {
    dynmap: Handle;
  }
}

export function expose(page: Page): Handle {
  window.dynmap = {
    map: null,
    hold: (at) => page.layer.hold(at),
    state: () => ({
      connected: store.connection.peek().at === "open",
      located: page.account.located,
      committedCursor: page.account.cursor,
      topics: Object.fromEntries(page.names.map((name, slot) => [name, page.account.totals[slot] ?? 0])),
      tiles: page.account.area,
      rate: store.rate.peek(),
      ...store.tray.peek(),
      layer: { ...page.layer.stats },
    }),
  };
  return window.dynmap;
}

import type { Map as MapLibre } from "maplibre-gl";
import { whyNot } from "./fetched.ts";

/** So many tiles that fail one after the other, and the map is given up: at the start, and later (a key has expired). */
const AT_FIRST = 3;
const LATER = 24;

interface Fault {
  error: Error & { url?: string };
  sourceId?: string;
}

/** Tells once, with a reason, when nothing comes from the sources of a base map. */
export class Faults {
  /** Since the last tile that came. */
  #failed = 0;
  #enough = AT_FIRST;
  #over = false;
  readonly #sources: ReadonlySet<string>;
  readonly #giveUp: (why: string) => void;

  constructor(sources: Iterable<string>, giveUp: (why: string) => void) {
    this.#sources = new Set(sources);
    this.#giveUp = giveUp;
  }

  watch(map: MapLibre): void {
    map.on("error", (event) => this.failed(event as unknown as Fault));
    map.on("sourcedata", ({ sourceId, tile }) => {
      if (this.#sources.has(sourceId) && (tile as { state?: string } | undefined)?.state === "loaded") this.#came();
    });
  }

  #came(): void {
    this.#failed = 0;
    this.#enough = LATER;
  }

  /** An error that MapLibre tells of. It would write those that nobody listens to into the console: so do we. */
  failed({ error, sourceId }: Fault): void {
    if (sourceId === undefined || !this.#sources.has(sourceId)) {
      console.error(error);
      return;
    }
    this.#failed++;
    if (this.#over || this.#failed < this.#enough) return;
    this.#over = true;
    const url = error.url && URL.canParse(error.url) ? error.url : null;
    this.#giveUp(url ? whyNot(error, url) : error.message);
  }
}

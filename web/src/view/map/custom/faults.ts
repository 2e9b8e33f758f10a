import type { Map as MapLibre } from "maplibre-gl";
import { whyNot } from "./fetched.ts";

/** So many tiles that fail, and none that comes, and the map is given up. */
const ENOUGH = 3;

interface Fault {
  error: Error & { url?: string };
  sourceId?: string;
}

/** Tells once, with a reason, when nothing at all comes from the sources of a base map. */
export class Faults {
  #failed = 0;
  #came = false;
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
      if (this.#sources.has(sourceId) && (tile as { state?: string } | undefined)?.state === "loaded")
        this.#came = true;
    });
  }

  /** An error that MapLibre tells of. It would write those that nobody listens to into the console: so do we. */
  failed({ error, sourceId }: Fault): void {
    if (sourceId === undefined || !this.#sources.has(sourceId)) {
      console.error(error);
      return;
    }
    this.#failed++;
    if (this.#over || this.#came || this.#failed < ENOUGH) return;
    this.#over = true;
    const url = error.url && URL.canParse(error.url) ? error.url : null;
    this.#giveUp(url ? whyNot(error, url) : error.message);
  }
}

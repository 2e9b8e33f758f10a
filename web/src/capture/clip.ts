import type { Map as MapLibre } from "maplibre-gl";
import { say, sayBriefly } from "../state/notice.ts";
import { recording } from "../state/view.ts";
import { captionOf, compose, download, fileName } from "./caption.ts";

/** A clip ends by itself after so long, ms. */
const LONGEST_MS = 60_000;
const PICTURES_PER_SECOND = 30;
/** Pixels of its longer side; more takes longer to pack than to draw. */
const LARGEST = 1920;
/** A map on which nothing moves is drawn this often, so that the time on it goes on, ms. */
const STILL_MS = 500;
const BITS_PER_PIXEL = 4;
const KINDS = ["video/webm;codecs=vp9", "video/webm;codecs=vp8", "video/webm"];

let current: Clip | null = null;

/** Starts recording, or ends it and saves the clip. */
export async function toggleClip(map: MapLibre, clock: { now(): number }): Promise<void> {
  if (current) return current.end();
  const kind = kindOfClip();
  if (kind === null) {
    return say(
      "This browser can't record WebM clips. Chromium, Firefox and their kin can; a picture can be saved in any.",
    );
  }
  current = new Clip(map, clock, kind, (blob, name) => {
    current = null;
    if (blob.size === 0) return say("Nothing was recorded: the browser gave no picture. Try again, for longer.");
    download(blob, name);
    sayBriefly(`Saved as ${name}.`);
  });
}

function kindOfClip(): string | null {
  if (typeof MediaRecorder === "undefined" || !("captureStream" in HTMLCanvasElement.prototype)) return null;
  return KINDS.find((kind) => MediaRecorder.isTypeSupported(kind)) ?? null;
}

/** A recording: the map with its caption on a canvas of its own, whose pictures the browser packs. */
class Clip {
  readonly #map: MapLibre;
  readonly #clock: { now(): number };
  readonly #pen: CanvasRenderingContext2D;
  readonly #recorder: MediaRecorder;
  readonly #parts: Blob[] = [];
  readonly #ending: ReturnType<typeof setTimeout>;
  readonly #ticking: ReturnType<typeof setInterval>;

  constructor(map: MapLibre, clock: { now(): number }, kind: string, done: (blob: Blob, name: string) => void) {
    this.#map = map;
    this.#clock = clock;
    const canvas = document.createElement("canvas");
    const { width, height } = map.getCanvas();
    const scale = Math.min(1, LARGEST / Math.max(width, height));
    // Packers want even numbers.
    canvas.width = 2 * Math.round((width * scale) / 2);
    canvas.height = 2 * Math.round((height * scale) / 2);
    this.#pen = canvas.getContext("2d", { alpha: false })!;
    const name = fileName(clock.now(), "webm");
    this.#recorder = new MediaRecorder(canvas.captureStream(PICTURES_PER_SECOND), {
      mimeType: kind,
      videoBitsPerSecond: BITS_PER_PIXEL * canvas.width * canvas.height,
    });
    this.#recorder.ondataavailable = ({ data }) => this.#parts.push(data);
    this.#recorder.onstop = () => {
      this.#stop();
      done(new Blob(this.#parts, { type: "video/webm" }), name);
    };
    map.on("render", this.#draw);
    this.#recorder.start(1000);
    this.#ending = setTimeout(() => this.end(), LONGEST_MS);
    this.#ticking = setInterval(() => map.triggerRepaint(), STILL_MS);
    map.triggerRepaint();
    recording.value = true;
  }

  end(): void {
    if (this.#recorder.state !== "inactive") this.#recorder.stop();
  }

  readonly #draw = () => compose(this.#pen, this.#map.getCanvas(), captionOf(this.#clock.now()));

  #stop(): void {
    clearTimeout(this.#ending);
    clearInterval(this.#ticking);
    this.#map.off("render", this.#draw);
    for (const track of this.#recorder.stream.getTracks()) track.stop();
    recording.value = false;
  }
}

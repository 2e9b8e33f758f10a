import * as maplibre from "maplibre-gl";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import type { Step } from "./points.ts";

/** What an update took of the main thread, ms. */
export interface Spent {
  /** In what is the contender's own. */
  own: number;
  /** What of that a picture takes even with nothing new in it, where the contender draws all the time. */
  picture: number;
  /** Until its picture was there, with all of the map's own frames. */
  whole: number;
}

/** One way to draw live points. */
export interface Contender {
  /** Takes the steps that are seen at the beginning. */
  fill(steps: Iterable<Step>): void;
  /** Takes a step in; resolves once its picture is drawn. */
  update(step: Step): Promise<Spent>;
  /** Waits for the GPU, so that its work is not waited for within the next update. */
  settle(): void;
}

/** An empty map, in the middle of the world. */
export async function emptyMap(container: HTMLElement): Promise<maplibre.Map> {
  maplibre.setWorkerUrl(workerUrl);
  const map = new maplibre.Map({
    container,
    style: {
      version: 8,
      sources: {},
      layers: [{ id: "sea", type: "background", paint: { "background-color": "#05070c" } }],
    },
    center: [10, 20],
    zoom: 0.5,
    attributionControl: false,
    fadeDuration: 0,
    pixelRatio: 1,
  });
  await map.once("load");
  return map;
}

/** Reads a pixel, which comes only when all that was asked for is drawn. */
export function finish(canvas: HTMLCanvasElement): void {
  const gl = canvas.getContext("webgl2")!;
  const bound = gl.getParameter(gl.FRAMEBUFFER_BINDING) as WebGLFramebuffer | null;
  gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  gl.bindFramebuffer(gl.FRAMEBUFFER, bound);
}

/** Waits until whatever is under way in microtasks has been done: what a call has put off, but not to another task. */
export async function microtasks(): Promise<void> {
  for (let turn = 0; turn < 100; turn++) await null;
}

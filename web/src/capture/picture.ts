import type { Map as MapLibre } from "maplibre-gl";
import { say, sayBriefly } from "../state/notice.ts";
import { captionOf, compose, download, fileName } from "./caption.ts";

/** Saves what the map shows, with total, time and credits, as a PNG file. */
export async function savePicture(map: MapLibre, clock: { now(): number }): Promise<void> {
  const now = clock.now();
  const blob = await pictureOf(map, now);
  if (blob === null)
    return say("The picture could not be made: the browser has no memory left for it. Try a smaller window.");
  const name = fileName(now, "png");
  download(blob, name);
  sayBriefly(`Saved as ${name}.`);
}

/** The canvas keeps its picture only until the browser has shown it, so it is taken right after it was drawn. */
function pictureOf(map: MapLibre, now: number): Promise<Blob | null> {
  return new Promise((resolve) => {
    map.once("render", () => {
      const source = map.getCanvas();
      const canvas = document.createElement("canvas");
      canvas.width = source.width;
      canvas.height = source.height;
      compose(canvas.getContext("2d")!, source, captionOf(now));
      canvas.toBlob(resolve, "image/png");
    });
    map.triggerRepaint();
  });
}

import { full, since, clock as timeOf } from "../state/format.ts";
import * as store from "../state/store.ts";

/** The text on a picture: what was counted, when, and whom the map is owed to. */
export interface Caption {
  total: string;
  label: string;
  time: string;
  credits: string;
}

/** The caption of this moment, server time in ms. */
export function captionOf(now: number): Caption {
  const started = store.started.peek();
  return {
    total: full(store.located.peek()),
    label: started === null ? "events since the server started" : `events since ${since(started, now)}`,
    time: `${new Date(now).toISOString().slice(0, 10)} ${timeOf(now)} UTC`,
    credits: ["DynMap", ...store.credits.peek().map(({ text }) => text)].join(" · "),
  };
}

/** Draws the map's canvas and a caption over a canvas of the same size. */
export function compose(pen: CanvasRenderingContext2D, map: HTMLCanvasElement, caption: Caption): void {
  const { width, height } = pen.canvas;
  const unit = Math.max(0.5, Math.min(width, height) / 800);
  pen.fillStyle = getComputedStyle(document.documentElement).backgroundColor;
  pen.fillRect(0, 0, width, height);
  pen.drawImage(map, 0, 0, width, height);
  const isDark = store.theme.peek() === "dark";
  const [ink, faint, edge] = isDark
    ? ["#f2f6ff", "rgb(190 206 245 / 85%)", "rgb(3 6 14 / 75%)"]
    : ["#0d1830", "rgb(40 54 84 / 90%)", "rgb(255 255 255 / 80%)"];
  const write = (text: string, x: number, y: number, size: number, weight: number, colour: string) => {
    pen.font = `${weight} ${size * unit}px "Inter Variable", system-ui, sans-serif`;
    pen.lineJoin = "round";
    pen.lineWidth = 4 * unit;
    pen.strokeStyle = edge;
    pen.strokeText(text, x, y);
    pen.fillStyle = colour;
    pen.fillText(text, x, y);
  };
  const margin = 24 * unit;
  pen.textAlign = "left";
  write(caption.total, margin, margin + 40 * unit, 44, 700, ink);
  write(caption.label, margin, margin + 64 * unit, 15, 500, faint);
  write(caption.time, margin, height - margin, 15, 500, ink);
  pen.textAlign = "right";
  write(caption.credits, width - margin, height - margin, 12, 500, faint);
}

/** A file's name for something made at that time (ms): no colons, which some systems refuse. */
export function fileName(now: number, ending: string): string {
  return `dynmap-${new Date(now).toISOString().slice(0, 19).replaceAll(":", "-")}Z.${ending}`;
}

/** Has the browser save a file. */
export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // A browser that asks where to takes a while to begin.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

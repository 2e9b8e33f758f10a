import { useRef } from "preact/hooks";
import { useSecond } from "./second.ts";

interface Props {
  /** Values to draw, oldest first; asked for once a second. */
  values: () => ArrayLike<number>;
  colour: string;
  /** CSS pixels. */
  width?: number;
  height?: number;
}

/** The last minute as a line. */
export function Sparkline({ values, colour, width = 76, height = 22 }: Props) {
  const element = useRef<HTMLCanvasElement>(null);
  useSecond(() => {
    if (element.current) drawSpark(element.current, values(), colour, width, height);
  }, [colour, width]);
  return <canvas ref={element} class="spark" width={2 * width} height={2 * height} />;
}

/** Draws `values`, smoothed a little, from nothing up to their greatest. */
function drawSpark(
  canvas: HTMLCanvasElement,
  values: ArrayLike<number>,
  colour: string,
  width: number,
  height: number,
): void {
  const pen = canvas.getContext("2d")!;
  pen.setTransform(2, 0, 0, 2, 0, 0);
  pen.clearRect(0, 0, width, height);
  const end = values.length - 1;
  let most = 0;
  for (let i = 0; i <= end; i++) most = Math.max(most, values[i]!);
  if (most === 0) return;
  pen.beginPath();
  for (let i = 0; i <= end; i++) {
    const value = (values[Math.max(0, i - 1)]! + 2 * values[i]! + values[Math.min(end, i + 1)]!) / 4;
    pen.lineTo(1 + (i / end) * (width - 2), height - 2 - (value / most) * (height - 5));
  }
  pen.lineWidth = 1.3;
  pen.lineJoin = "round";
  pen.strokeStyle = colour;
  pen.stroke();
  pen.lineTo(width - 1, height);
  pen.lineTo(1, height);
  pen.globalAlpha = 0.12;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
}

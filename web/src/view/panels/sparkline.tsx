import { useEffect, useRef } from "preact/hooks";
import { type Meter, SPARK_SECONDS } from "../../state/meter.ts";

const WIDTH = 76;
const HEIGHT = 22;
const values = new Float32Array(SPARK_SECONDS);

/** A topic's last minute. */
export function Sparkline({ meter, slot, colour }: { meter: Meter; slot: number; colour: string }) {
  const element = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    const draw = () => {
      if (document.hidden || !element.current) return;
      meter.spark(slot, values);
      drawSpark(element.current, colour);
    };
    draw();
    const timer = setInterval(draw, 1000);
    return () => clearInterval(timer);
  }, [meter, slot, colour]);
  return <canvas ref={element} class="spark" width={2 * WIDTH} height={2 * HEIGHT} />;
}

/** Draws `values`, smoothed a little, from nothing up to their greatest. */
function drawSpark(canvas: HTMLCanvasElement, colour: string): void {
  const pen = canvas.getContext("2d")!;
  pen.setTransform(2, 0, 0, 2, 0, 0);
  pen.clearRect(0, 0, WIDTH, HEIGHT);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (most === 0) return;
  pen.beginPath();
  for (let i = 0; i < SPARK_SECONDS; i++) {
    const before = values[Math.max(0, i - 1)]!;
    const after = values[Math.min(SPARK_SECONDS - 1, i + 1)]!;
    const value = (before + 2 * values[i]! + after) / 4;
    pen.lineTo(1 + (i / (SPARK_SECONDS - 1)) * (WIDTH - 2), HEIGHT - 2 - (value / most) * (HEIGHT - 5));
  }
  pen.lineWidth = 1.3;
  pen.lineJoin = "round";
  pen.strokeStyle = colour;
  pen.stroke();
  pen.lineTo(WIDTH - 1, HEIGHT);
  pen.lineTo(1, HEIGHT);
  pen.globalAlpha = 0.12;
  pen.fillStyle = colour;
  pen.fill();
  pen.globalAlpha = 1;
}

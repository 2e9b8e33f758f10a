import { useEffect, useRef } from "preact/hooks";

const EVERY_MS = 1000;
const waiting = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

/** Runs now and then once a second, all who asked for it together, while somebody sees the page; anew whenever `inputs` change. */
export function useSecond(run: () => void, inputs: readonly unknown[]): void {
  const latest = useRef(run);
  latest.current = run;
  useEffect(() => {
    const now = () => latest.current();
    now();
    waiting.add(now);
    timer ??= setInterval(tell, EVERY_MS);
    return () => {
      waiting.delete(now);
      if (waiting.size > 0) return;
      clearInterval(timer);
      timer = undefined;
    };
  }, inputs);
}

function tell(): void {
  if (!document.hidden) for (const run of waiting) run();
}

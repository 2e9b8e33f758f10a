import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { rate as formatRate, full, since } from "../../state/format.ts";
import { located, rate, started } from "../../state/store.ts";

/** Time in which the shown number catches up with the true one: a little more than a tick, so that it runs on. */
const RUN_MS = 300;

/** The big number. */
export function Total() {
  const label =
    started.value === null ? "Events since the server started" : `Events since ${since(started.value, Date.now())}`;
  return (
    <section class="total" aria-label="Total">
      <p class="label">{label}</p>
      <RunningNumber />
      <p class="rate">
        <b>{formatRate(rate.value)}</b> per second
      </p>
    </section>
  );
}

/** Runs from one total to the next. Written to the page by hand: sixty times a second is no work for a framework. */
function RunningNumber() {
  const element = useRef<HTMLParagraphElement>(null);
  const shown = useRef({ from: 0, value: 0, at: 0, frame: 0 });
  useSignalEffect(() => {
    const target = located.value;
    const run = shown.current;
    const jumps = run.value === 0 || target < run.value || matchMedia("(prefers-reduced-motion: reduce)").matches;
    run.from = jumps ? target : run.value;
    run.at = performance.now();
    cancelAnimationFrame(run.frame);
    const step = () => {
      const part = Math.min(1, (performance.now() - run.at) / RUN_MS);
      run.value = Math.round(run.from + (target - run.from) * part);
      if (element.current) element.current.textContent = full(run.value);
      if (part < 1) run.frame = requestAnimationFrame(step);
    };
    step();
  });
  return <p class="number" ref={element} />;
}

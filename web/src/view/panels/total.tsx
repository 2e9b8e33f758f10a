import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import { change, rate as formatRate, full, since } from "../../state/format.ts";
import { located, rate, started, trend } from "../../state/store.ts";
import { mayMove } from "../../state/window.ts";

/** Time in which the shown number catches up with the true one: a little more than a tick, so that it runs on. */
const RUN_MS = 300;
/** It is written so often at most: figures that run faster can't be told apart. */
const WRITE_MS = 60;
/** Differences below this are no trend. */
const STEADY = 0.005;

/** The big number. */
export function Total() {
  const label =
    started.value === null ? "Events since the server started" : `Events since ${since(started.value, Date.now())}`;
  return (
    <section class="total" aria-label="Total">
      <p class="label">{label}</p>
      <RunningNumber />
      <p class="rate">
        <b>{formatRate(rate.value)}</b> per second <Trend />
      </p>
    </section>
  );
}

/** Whether there is more or less going on than in the last minutes. */
function Trend() {
  const part = trend.value;
  if (part === null) return null;
  const title = "Compared with the last minutes";
  if (Math.abs(part) < STEADY) {
    return (
      <span class="trend" title={title}>
        steady
      </span>
    );
  }
  return (
    <span class={part > 0 ? "trend up" : "trend"} title={title}>
      <span aria-hidden="true">{part > 0 ? "↑" : "↓"}</span>
      <span class="unseen">{part > 0 ? "up" : "down"}</span> {change(part)}
    </span>
  );
}

/** Runs from one total to the next. Written to the page by hand: sixty times a second is no work for a framework. */
function RunningNumber() {
  const element = useRef<HTMLParagraphElement>(null);
  const shown = useRef({ from: 0, value: 0, at: 0, writtenAt: 0, frame: 0 });
  useSignalEffect(() => {
    const target = located.value;
    const run = shown.current;
    const jumps = run.value === 0 || target < run.value || !mayMove();
    run.from = jumps ? target : run.value;
    run.at = performance.now();
    cancelAnimationFrame(run.frame);
    const step = () => {
      const now = performance.now();
      const part = Math.min(1, (now - run.at) / RUN_MS);
      run.value = Math.round(run.from + (target - run.from) * part);
      if (element.current && (part === 1 || now - run.writtenAt >= WRITE_MS)) {
        run.writtenAt = now;
        write(element.current, run.value);
      }
      if (part < 1 && run.value !== target) run.frame = requestAnimationFrame(step);
    };
    step();
  });
  return <p class="number" ref={element} />;
}

/** The more figures, the smaller: `data-long` in head.css. */
function write(element: HTMLElement, value: number): void {
  const text = full(value);
  element.textContent = text;
  element.toggleAttribute("data-long", text.length > 11);
}

import { useSignal } from "@preact/signals";
import { lasting } from "../../state/format.ts";
import { connection, health, ingest, latency, pace } from "../../state/store.ts";
import { useSecond } from "./second.ts";

const TEXT: Readonly<Record<(typeof health)["value"], string>> = {
  live: "Live",
  connecting: "Connecting",
  waiting: "Reconnecting",
  refused: "No access",
  closed: "Closed",
  starting: "Server is starting",
  compiling: "Server is compiling",
  draining: "Server is stopping",
  down: "Ingest is down",
};

/** How it stands with the connection, and with the server behind it. */
export function Badge({ onRetry }: { onRetry: () => void }) {
  const at = health.value;
  const slowed = at === "live" ? pace.value : null;
  return (
    <div class="status">
      <span class={`badge ${slowed ? "slowed" : at}`} role="status" title={slowed?.reason}>
        <i aria-hidden="true" />
        {slowed ? `Thin line: ${stepsOf(slowed.every)}` : TEXT[at]}
        {at === "live" && !slowed && <Latency />}
        {at === "waiting" && <Countdown />}
        {at === "compiling" && ` ${percent(ingest.value.progress)}`}
      </span>
      {at === "waiting" && (
        <button type="button" class="link" onClick={onRetry}>
          Try now
        </button>
      )}
      {(at === "compiling" || at === "starting" || at === "down") && <Progress />}
    </div>
  );
}

/** How long an event takes from the server's door to this screen. Not read aloud whenever it changes. */
function Latency() {
  if (latency.value === null) return null;
  return (
    <span class="latency" aria-hidden="true" title="From an event's arrival at the server to its light on this map">
      {lasting(latency.value)}
    </span>
  );
}

function Progress() {
  const { progress, detail, state } = ingest.value;
  return (
    <div class="progress">
      {state !== "down" && (
        <progress aria-label="Server start" max={1} {...(progress === undefined ? {} : { value: progress })} />
      )}
      {detail && <span>{detail}</span>}
    </div>
  );
}

/** Seconds until the next attempt. Not read aloud each second: the badge's text before it is what changed. */
function Countdown() {
  const now = useSignal(Date.now());
  useSecond(() => {
    now.value = Date.now();
  }, []);
  const state = connection.value;
  const left = state.at === "waiting" ? Math.max(0, Math.ceil((state.retryAt - now.value) / 1000)) : 0;
  return <span aria-hidden="true"> in {left} s</span>;
}

function percent(progress: number | undefined): string {
  return progress === undefined ? "" : `${Math.round(progress * 100)} %`;
}

function stepsOf(every: number): string {
  if (every === 1000) return "one step a second";
  return every === 500 ? "two steps a second" : `a step every ${every / 1000} s`;
}

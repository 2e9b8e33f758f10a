import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ServerClock } from "../../receive/clock.ts";
import { clock as formatClock, full } from "../../state/format.ts";
import { attribution, basemapAttribution, tray } from "../../state/store.ts";

/** What is not on the map, the time, and whom the map is owed to. */
export function Footer({ clock }: { clock: ServerClock }) {
  return (
    <footer class="foot">
      <Tray />
      <Clock clock={clock} />
      <p class="attribution">
        <a href="https://maplibre.org" rel="noreferrer" target="_blank">
          MapLibre
        </a>{" "}
        ·{" "}
        <a href="https://www.naturalearthdata.com" rel="noreferrer" target="_blank">
          Natural Earth
        </a>{" "}
        · <Geolocation />
        {basemapAttribution.value.map((owed) => (
          <>
            {" "}
            · <Owed {...owed} />
          </>
        ))}
      </p>
    </footer>
  );
}

function Geolocation() {
  return <Owed {...attribution.value} />;
}

function Owed({ text, url }: { text: string; url: string | null }) {
  if (url === null) return <span>{text}</span>;
  return (
    <a href={url} rel="noreferrer" target="_blank">
      {text}
    </a>
  );
}

function Tray() {
  const { unlocated, rejected } = tray.value;
  return (
    <dl class="tray" aria-label="Not on the map">
      <div title="Counted, but with no place: private addresses, and those that the table doesn't know">
        <dt>Without a place</dt>
        <dd>{full(unlocated)}</dd>
      </div>
      <div title="Lines that could not be understood">
        <dt>Rejected</dt>
        <dd>{full(rejected)}</dd>
      </div>
    </dl>
  );
}

function Clock({ clock }: { clock: ServerClock }) {
  const now = useSignal(clock.now());
  useEffect(() => {
    const timer = setInterval(() => {
      now.value = clock.now();
    }, 250);
    return () => clearInterval(timer);
  }, [clock, now]);
  const text = formatClock(now.value);
  return <time class="clock">{text} UTC</time>;
}

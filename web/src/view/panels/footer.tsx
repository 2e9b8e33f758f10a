import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { clock as formatClock } from "../../state/format.ts";
import { attribution, basemapAttribution } from "../../state/store.ts";
import type { Page } from "./ports.ts";
import { useSecond } from "./second.ts";
import { Tray } from "./tray.tsx";

/** What is not on the map, the time, and whom the map is owed to. */
export function Footer({ page }: { page: Page }) {
  return (
    <footer class="foot">
      <Tray />
      <Clock clock={page.clock} />
      <p class="attribution">
        <Owed url="https://maplibre.org" text="MapLibre" /> ·{" "}
        <Owed url="https://www.naturalearthdata.com" text="Natural Earth" /> ·{" "}
        <Owed url="https://www.geonames.org" text="GeoNames" title="Names of places, CC BY 4.0" /> ·{" "}
        <Owed {...attribution.value} />
        {basemapAttribution.value.map((owed) => (
          <Fragment key={owed.text}>
            {" "}
            · <Owed {...owed} />
          </Fragment>
        ))}
      </p>
    </footer>
  );
}

function Owed({ url, text, title }: { url: string | null; text: string; title?: string }) {
  if (url === null) return <span>{text}</span>;
  return (
    <a href={url} title={title} rel="noreferrer" target="_blank">
      {text}
    </a>
  );
}

function Clock({ clock }: { clock: Page["clock"] }) {
  const now = useSignal(clock.now());
  useSecond(() => {
    now.value = clock.now();
  }, []);
  const text = formatClock(now.value);
  return <time class="clock">{text} UTC</time>;
}

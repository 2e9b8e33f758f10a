import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { clock as formatClock } from "../../state/format.ts";
import { type Attribution, credits } from "../../state/store.ts";
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
        {credits.value.map((owed, i) => (
          <Fragment key={owed.text}>
            {i > 0 && " · "}
            <Owed {...owed} />
          </Fragment>
        ))}
      </p>
    </footer>
  );
}

function Owed({ url, text, title }: Attribution) {
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

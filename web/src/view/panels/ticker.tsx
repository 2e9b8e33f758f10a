import { useComputed, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Actions } from "../../actions.ts";
import { age, country, full, position } from "../../state/format.ts";
import { cssOf } from "../../state/palette.ts";
import { type Sample, samples, theme } from "../../state/store.ts";
import { projection } from "../../state/view.ts";
import { mayMove } from "../../state/window.ts";
import type { Page } from "./ports.ts";
import { useSecond } from "./second.ts";

/** As many as are to be seen, and one that is on its way out. */
const SHOWN = 9;
const SLIDE_MS = 420;
/** Where a single town fills a good part of the window. */
const TOWN_ZOOM = 8;

/** Some of what has just happened, the newest on top. It stands still while somebody reads it. */
export function Ticker({ page, actions }: { page: Page; actions: Actions }) {
  theme.value; // Colours follow the theme.
  const held = useSignal<readonly Sample[] | null>(null);
  const shown = useComputed(() => (held.value ?? samples.value).slice(0, SHOWN));
  const now = useSignal(page.clock.now());
  const list = useRef<HTMLUListElement>(null);
  useSecond(() => {
    now.value = page.clock.now();
  }, []);
  useSlide(list, shown.value);
  const hold = () => {
    held.value ??= samples.value;
  };
  const release = () => {
    held.value = null;
  };
  if (shown.value.length === 0) return null;
  return (
    <section
      class={`ticker ${projection.value}`}
      aria-label="Latest events"
      onMouseEnter={hold}
      onMouseLeave={release}
      onFocusIn={hold}
      onFocusOut={release}
    >
      <ul ref={list}>
        {shown.value.map((sample) => (
          <li key={sample.key}>
            <button
              type="button"
              style={{ "--topic": cssOf(page.colour(sample.slot)) }}
              onClick={() => actions.flyTo(sample.lon, sample.lat, TOWN_ZOOM)}
            >
              <i class="dot" aria-hidden="true" />
              <b>{placeOf(sample)}</b>
              <span class="age">{age(now.value - sample.at)}</span>
              <span class="what">{detailsOf(sample)}</span>
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The list makes room for what is new by sliding down: one transform, no layout. */
function useSlide(list: { current: HTMLUListElement | null }, shown: readonly Sample[]): void {
  const before = useRef<number | undefined>(undefined);
  useLayoutEffect(() => {
    const first = shown[0]?.key;
    const fresh = shown.findIndex(({ key }) => key === before.current);
    before.current = first;
    const row = list.current?.firstElementChild;
    if (fresh <= 0 || !row || !mayMove()) return;
    // However many came: a longer slide would show an empty list.
    const from = `translateY(${-row.getBoundingClientRect().height}px)`;
    list.current!.animate([{ transform: from }, { transform: "none" }], {
      duration: SLIDE_MS,
      easing: "cubic-bezier(0.2, 0.8, 0.2, 1)",
    });
    row.animate([{ opacity: 0 }, { opacity: 1 }], SLIDE_MS);
  }, [list, shown]);
}

function placeOf({ place, country: code, lon, lat }: Sample): string {
  return place || country(code) || position(lon, lat);
}

function detailsOf({ topic, place, country: code, count }: Sample): string {
  const parts = [count > 1 ? `${topic} × ${full(count)}` : topic];
  if (place && code) parts.push(country(code));
  return parts.join(" · ");
}

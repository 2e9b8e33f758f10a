import { computed, useComputed, useSignal } from "@preact/signals";
import type { Page } from "../../page.ts";
import { rate, short } from "../../state/format.ts";
import { cssOf } from "../../state/palette.ts";
import { hasRough, isSmall, type TopicRow, theme, topics, windowHeight } from "../../state/store.ts";
import { Sparkline } from "./sparkline.tsx";

/** Rows that are shown before "more" is pressed: as many as fit between the total and the bottom, up to eight. */
const few = computed(() => {
  if (isSmall.value) return 3;
  return Math.max(3, Math.min(8, Math.floor((windowHeight.value - ROOM_FOR_OTHERS) / ROW_HEIGHT)));
});
const ROOM_FOR_OTHERS = 390;
const ROW_HEIGHT = 45;
/** Rows that are shown at all: beyond these, the filter finds them. */
const MANY = 200;

/** The topics: what colour, how many, how fast; a click hides one on the map. */
export function Legend({ page }: { page: Page }) {
  const isOpen = useSignal(false);
  const wanted = useSignal("");
  const found = useComputed(() => {
    const text = isOpen.value ? wanted.value.trim().toLowerCase() : "";
    return text === "" ? topics.value : topics.value.filter(({ name }) => name.toLowerCase().includes(text));
  });
  const shown = found.value.slice(0, isOpen.value ? MANY : few.value);
  const more = topics.value.length - few.value;
  if (topics.value.length === 0) return null;
  return (
    <section class={isOpen.value ? "legend open" : "legend"} aria-label="Topics">
      {isOpen.value && more > 0 && (
        <input
          class="filter"
          type="search"
          placeholder={`Find one of ${topics.value.length} topics`}
          aria-label="Find topics"
          value={wanted.value}
          onInput={(event) => {
            wanted.value = event.currentTarget.value;
          }}
        />
      )}
      <ul class="rows">
        {shown.map((row) => (
          <Row key={row.slot} row={row} page={page} />
        ))}
      </ul>
      {more > 0 && (
        <button
          type="button"
          class="link more"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          {isOpen.value ? "Fewer" : `${more} more ${more === 1 ? "topic" : "topics"}`}
        </button>
      )}
      <div class="ramp" aria-hidden="true">
        Quiet <i /> Busy
      </div>
      {hasRough.value && (
        <p class="rough" title="The address belongs to a whole country or network, so the circle shows the area.">
          <i aria-hidden="true" /> Place known only roughly
        </p>
      )}
    </section>
  );
}

function Row({ row, page }: { row: TopicRow; page: Page }) {
  theme.value; // Colours follow the theme.
  const colour = cssOf(page.colour(row.slot));
  return (
    <li>
      <button
        type="button"
        class="row"
        style={{ "--topic": colour }}
        aria-pressed={row.visible}
        title={`${row.name}: ${row.visible ? "hide" : "show"} on the map`}
        onClick={() => page.toggle(row.slot)}
      >
        <i class="swatch" aria-hidden="true" />
        <span class="name">{row.name}</span>
        <Sparkline meter={page.meter} slot={row.slot} colour={colour} />
        <span class="figures">
          <span class="speed">
            {rate(row.rate)}
            <small>/s</small>
          </span>
          <span class="count">{short(row.count)}</span>
        </span>
      </button>
    </li>
  );
}

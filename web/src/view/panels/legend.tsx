import { computed, useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { hasRough, isSmall, topics, windowHeight } from "../../state/store.ts";
import { type Branch, TopicTree, toggled } from "../../state/tree.ts";
import { hidden, projection, solo } from "../../state/view.ts";
import { isRoomy } from "../../state/window.ts";
import type { Page } from "./ports.ts";
import { TopicRows } from "./rows.tsx";

/** Lines that are shown before "more" is pressed: as many as fit between the total and the bottom, up to eight. */
const few = computed(() => Math.max(3, Math.min(8, Math.floor((windowHeight.value - ROOM_FOR_OTHERS) / ROW_HEIGHT))));
const ROOM_FOR_OTHERS = 420;
const ROW_HEIGHT = 45;
/** Lines that are shown at all: beyond these, the filter finds them. */
const MANY = 200;
/** Lines that are soon scrolled through, without a filter. */
const SCROLLED = 12;
/** With so many topics at most, groups are open from the start. */
const OPEN_AT_FIRST = 8;

/** The topics as a tree: what colour, how many, how fast; a press hides one on the map, another asks for it alone. */
export function Legend({ page }: { page: Page }) {
  const tree = useRef(new TopicTree()).current;
  const isLong = useSignal(!isRoomy.peek());
  const wanted = useSignal("");
  /** What somebody opened or closed. */
  const opened = useSignal<ReadonlyMap<string, boolean>>(new Map());
  tree.update(topics.value);
  if (tree.size === 0) return null;

  const text = isLong.value ? wanted.value.trim() : "";
  const isOpen = ({ name }: Branch) => opened.value.get(name) ?? tree.size <= OPEN_AT_FIRST;
  const lines = text === "" ? tree.lines(isOpen, MANY + 1) : tree.find(text, MANY + 1);
  const shown = lines.slice(0, isLong.value ? MANY : few.value);
  const isMore = tree.size > (isRoomy.value ? few.value : SCROLLED);
  return (
    <section class={`legend ${projection.value} ${isLong.value ? "open" : ""}`} aria-label="Topics">
      <Only />
      {isLong.value && isMore && (
        <input
          class="filter"
          type="search"
          placeholder={`Find one of ${tree.size} topics`}
          aria-label="Find topics"
          value={wanted.value}
          onInput={(event) => {
            wanted.value = event.currentTarget.value;
          }}
        />
      )}
      <TopicRows
        lines={shown}
        page={page}
        onOpen={(branch, open) => {
          opened.value = new Map(opened.value).set(branch.name, open);
        }}
        onToggle={(branch) => {
          hidden.value = toggled(hidden.value, branch);
        }}
      />
      {text !== "" && lines.length === 0 && <p class="hint">No topic has that in its name.</p>}
      {isLong.value && lines.length > MANY && (
        <p class="hint">The busiest {MANY} are listed; the field above finds the others.</p>
      )}
      <div class="below">
        {isMore && isRoomy.value && (
          <button
            type="button"
            class="link more"
            aria-expanded={isLong.value}
            onClick={() => {
              isLong.value = !isLong.value;
            }}
          >
            {isLong.value ? "Fewer" : `All ${tree.size} topics`}
          </button>
        )}
        {hidden.value.size > 0 && (
          <button
            type="button"
            class="link"
            onClick={() => {
              hidden.value = new Set();
            }}
          >
            {hidden.value.size} hidden · show
          </button>
        )}
      </div>
      <Ramp />
    </section>
  );
}

/** Says that the map, and all the numbers, are of one topic only. */
function Only() {
  if (solo.value === null) return null;
  return (
    <p class="only">
      <span>
        Only <b>{solo.value}</b>
      </span>
      <button
        type="button"
        class="link"
        onClick={() => {
          solo.value = null;
        }}
      >
        Show all
      </button>
    </p>
  );
}

function Ramp() {
  return (
    <>
      <div class="ramp" aria-hidden="true">
        Quiet <i /> Busy
      </div>
      {hasRough.value && !isSmall.value && (
        <p class="rough" title="The address belongs to a whole country or network, so the circle shows the area.">
          <i aria-hidden="true" /> Place known only roughly
        </p>
      )}
    </>
  );
}

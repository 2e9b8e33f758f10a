// biome-ignore-all lint/a11y/useSemanticElements: a tree that is a grid has no elements of its own
// biome-ignore-all lint/a11y/useFocusableInteractive: the buttons in its cells take the keyboard, one of them by Tab
import { useSignal } from "@preact/signals";
import { rate, short } from "../../state/format.ts";
import { cssOf } from "../../state/palette.ts";
import { theme } from "../../state/store.ts";
import { type Branch, isWithin, type Line } from "../../state/tree.ts";
import { hidden, isHidden, solo } from "../../state/view.ts";
import { type Column, reach, step } from "./grid.ts";
import type { Page } from "./ports.ts";
import { Sparkline } from "./sparkline.tsx";

interface Props {
  lines: readonly Line[];
  page: Page;
  onOpen: (branch: Branch, open: boolean) => void;
  onToggle: (branch: Branch) => void;
}

/** Lines of the legend. One button at a time is reached by Tab, the others from there by arrow keys. */
export function TopicRows({ lines, page, onOpen, onToggle }: Props) {
  theme.value; // Colours follow the theme.
  const at = useSignal<{ name: string; column: Column }>({ name: "", column: "toggle" });
  const isListed = lines.some(({ branch }) => branch.name === at.value.name);
  const onKeyDown = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[role=row]")!;
    const line = lines.find(({ branch }) => branch.name === row.dataset.name);
    if (!line || event.altKey || event.ctrlKey || event.metaKey) return;
    const next = step(event.key, at.value.column, line.isOpen);
    if (!next) return;
    event.preventDefault();
    event.stopPropagation();
    if (next.open === undefined) reach(row, next);
    else onOpen(line.branch, next.open);
  };
  return (
    <div role="treegrid" class="rows" aria-label="Topics" onKeyDown={onKeyDown}>
      {lines.map((line, i) => {
        const isHere = isListed ? line.branch.name === at.value.name : i === 0;
        const column = line.isOpen === null && at.value.column === "expand" ? "toggle" : at.value.column;
        return (
          <Row
            key={line.branch.name}
            line={line}
            page={page}
            tabbed={isHere ? column : null}
            onFocus={(focused) => {
              at.value = { name: line.branch.name, column: focused };
            }}
            onOpen={onOpen}
            onToggle={onToggle}
          />
        );
      })}
    </div>
  );
}

interface RowProps extends Omit<Props, "lines"> {
  line: Line;
  /** Which of its buttons is reached by Tab, if any. */
  tabbed: Column | null;
  onFocus: (column: Column) => void;
}

function Row({ line, page, tabbed, onFocus, onOpen, onToggle }: RowProps) {
  const { branch, prefix, label, depth, isOpen } = line;
  const slots = branch.slots();
  const colour = cssOf(page.colour(slots[0] ?? 0));
  const isSolo = solo.value === branch.name;
  const isOut = solo.value !== null && !isWithin(branch.name, solo.value) && !isWithin(solo.value, branch.name);
  const button = (column: Column) => ({
    type: "button" as const,
    "data-column": column,
    tabIndex: tabbed === column ? 0 : -1,
    onFocus: () => onFocus(column),
  });
  return (
    <div
      role="row"
      class={isOut ? "row out" : "row"}
      data-name={branch.name}
      aria-level={depth + 1}
      aria-expanded={isOpen ?? undefined}
      style={{ "--topic": colour, "--depth": depth }}
    >
      {isOpen !== null && (
        <span role="gridcell">
          <button
            {...button("expand")}
            class="expand"
            aria-label={`${isOpen ? "Close" : "Open"} ${branch.name}, ${branch.topics} topics`}
            onClick={() => onOpen(branch, !isOpen)}
          >
            <i class="chevron" aria-hidden="true" />
          </button>
        </span>
      )}
      <span role="gridcell">
        <button
          {...button("toggle")}
          class="toggle"
          aria-pressed={pressed(branch)}
          title={`${branch.name}: ${isHidden(branch.name, hidden.value) ? "show" : "hide"} on the map`}
          onClick={() => onToggle(branch)}
        >
          <i
            class="swatch"
            style={isOpen === null ? undefined : { "--swatch": pie(branch, page) }}
            aria-hidden="true"
          />
          <span class="name">
            {prefix && <span class="prefix">{prefix}</span>}
            {label}
          </span>
          <Sparkline values={() => sum(slots, page)} colour={colour} />
          <span class="figures">
            <span class="speed">
              {rate(branch.rate)}
              <small>/s</small>
            </span>
            <span class="count">{short(branch.count)}</span>
          </span>
        </button>
      </span>
      <span role="gridcell" class="alone">
        <button
          {...button("solo")}
          class="solo"
          aria-pressed={isSolo}
          aria-label={`Only ${branch.name}`}
          title={isSolo ? "Show all topics" : `Show ${branch.name} alone`}
          onClick={() => {
            solo.value = isSolo ? null : branch.name;
          }}
        >
          Only
        </button>
      </span>
    </div>
  );
}

/** Whether a branch is shown on the map: all of it, none, or some. */
function pressed({ name }: Branch): boolean | "mixed" {
  if (isHidden(name, hidden.value)) return false;
  for (const other of hidden.value) if (isWithin(other, name)) return "mixed";
  return true;
}

function sum(slots: readonly number[], page: Page): ArrayLike<number> {
  const [first, ...others] = slots;
  if (first === undefined) return [];
  if (others.length === 0) return page.spark(first);
  const total = Float32Array.from(page.spark(first));
  for (const slot of others) {
    const values = page.spark(slot);
    for (let i = 0; i < values.length; i++) total[i]! += values[i]!;
  }
  return total;
}

/** Shares of the busiest in a group, in their colours. */
function pie({ children, count }: Branch, page: Page): string {
  const parts = children.filter(({ topics }) => topics > 0).slice(0, 4);
  let from = 0;
  const slices = parts.map((child, i) => {
    const to = i === parts.length - 1 ? 1 : from + (count > 0 ? child.count / count : 1 / parts.length);
    const slice = `${cssOf(page.colour(child.slots()[0] ?? 0))} ${from.toFixed(3)}turn ${to.toFixed(3)}turn`;
    from = to;
    return slice;
  });
  return `conic-gradient(${slices.join(", ")})`;
}

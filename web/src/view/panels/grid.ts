/** What arrow keys do in the legend: by the treegrid pattern, with buttons as its cells. */

export type Column = "expand" | "toggle" | "solo";
const COLUMNS: readonly Column[] = ["expand", "toggle", "solo"];

export interface Step {
  /** To which row, counted from this one; to the ends with infinities, or out to the group that it is in. */
  rows: number | "parent";
  column: Column;
  /** Opens or closes this row, and goes nowhere. */
  open?: boolean;
}

/** What a key does on a button of a row, which is open, closed, or (null) has nothing below it; null for nothing. */
export function step(key: string, column: Column, isOpen: boolean | null): Step | null {
  const at = COLUMNS.indexOf(column);
  const first = isOpen === null ? 1 : 0;
  switch (key) {
    case "ArrowDown":
      return { rows: 1, column };
    case "ArrowUp":
      return { rows: -1, column };
    case "Home":
      return { rows: Number.NEGATIVE_INFINITY, column };
    case "End":
      return { rows: Number.POSITIVE_INFINITY, column };
    case "ArrowRight":
      if (isOpen === false && column !== "solo") return { rows: 0, column, open: true };
      return at < 2 ? { rows: 0, column: COLUMNS[at + 1]! } : null;
    case "ArrowLeft":
      if (column === "solo") return { rows: 0, column: "toggle" };
      if (isOpen === true) return { rows: 0, column, open: false };
      return at > first ? { rows: 0, column: COLUMNS[at - 1]! } : { rows: "parent", column: "toggle" };
    default:
      return null;
  }
}

/** Gives the keyboard to the button that a step leads to. */
export function reach(row: HTMLElement, { rows, column }: Step): void {
  const all = [...row.parentElement!.children] as HTMLElement[];
  const at = all.indexOf(row);
  const to = rows === "parent" ? parentOf(all, at) : Math.max(0, Math.min(all.length - 1, at + rows));
  const button = (name: Column) => all[to]!.querySelector<HTMLElement>(`[data-column=${name}]`);
  (button(column) ?? button("toggle"))?.focus();
}

function parentOf(rows: readonly HTMLElement[], at: number): number {
  const level = (row: HTMLElement) => Number(row.getAttribute("aria-level"));
  for (let i = at - 1; i >= 0; i--) if (level(rows[i]!) < level(rows[at]!)) return i;
  return at;
}

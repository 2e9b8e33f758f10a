import type { TopicRow } from "./store.ts";
import { isHidden } from "./view.ts";

/** A topic, or what several topics have in common: `web` of `web.200` and `web.404`. Its figures are sums of all in it. */
export class Branch {
  readonly children: Branch[] = [];
  /** Of the topic that has just this name; null where only topics below it are known. */
  slot: number | null = null;
  count = 0;
  rate = 0;
  /** How many topics are in it, itself included. */
  topics = 0;

  constructor(
    readonly name: string,
    readonly parent: Branch | null,
  ) {}

  /** Slots of all topics in it, the busiest branches first. */
  slots(into: number[] = []): number[] {
    if (this.slot !== null) into.push(this.slot);
    for (const child of this.children) if (child.topics > 0) child.slots(into);
    return into;
  }
}

/** A branch as the legend shows it. */
export interface Line {
  branch: Branch;
  /** What its name adds to that of the line it belongs to, which has the rest: "web." and "404". */
  prefix: string;
  label: string;
  depth: number;
  /** Null for what has nothing below it. */
  isOpen: boolean | null;
}

/** Topics grouped by their dotted names. Kept from one list to the next: only the figures are made anew. */
export class TopicTree {
  readonly #root = new Branch("", null);
  readonly #byName = new Map<string, Branch>([["", this.#root]]);

  /** How many topics there are. */
  get size(): number {
    return this.#root.topics;
  }

  update(rows: readonly TopicRow[]): void {
    for (const branch of this.#byName.values()) {
      branch.slot = null;
      branch.count = branch.rate = branch.topics = 0;
    }
    for (const { name, slot, count, rate } of rows) {
      const own = this.#branch(name);
      own.slot = slot;
      for (let branch: Branch | null = own; branch; branch = branch.parent) {
        branch.count += count;
        branch.rate += rate;
        branch.topics++;
      }
    }
  }

  /** What is to be seen while these are open, the busiest first, at most `limit` lines. */
  lines(isOpen: (branch: Branch) => boolean, limit: number): Line[] {
    const lines: Line[] = [];
    this.#root.children.sort(busiestFirst);
    this.#lay(this.#root, 0, 0, isOpen, limit, lines);
    return lines;
  }

  /** Topics with `text` in their names, the busiest first. */
  find(text: string, limit: number): Line[] {
    const wanted = text.toLowerCase();
    return [...this.#byName.values()]
      .filter(({ slot, name }) => slot !== null && name.toLowerCase().includes(wanted))
      .sort(busiestFirst)
      .slice(0, limit)
      .map((branch) => ({ branch, prefix: "", label: branch.name, depth: 0, isOpen: null }));
  }

  #lay(
    parent: Branch,
    from: number,
    depth: number,
    isOpen: (branch: Branch) => boolean,
    limit: number,
    lines: Line[],
  ): void {
    for (const child of parent.children) {
      if (child.topics === 0 || lines.length >= limit) return;
      const branch = settled(child);
      branch.children.sort(busiestFirst);
      const open = branch.children.some(({ topics }) => topics > 0) ? isOpen(branch) : null;
      const { name } = branch;
      lines.push({ branch, prefix: name.slice(0, from), label: name.slice(from), depth, isOpen: open });
      if (open) this.#lay(branch, name.length + 1, depth + 1, isOpen, limit, lines);
    }
  }

  #branch(name: string): Branch {
    const known = this.#byName.get(name);
    if (known) return known;
    const parent = this.#branch(name.slice(0, Math.max(0, name.lastIndexOf("."))));
    const branch = new Branch(name, parent);
    parent.children.push(branch);
    this.#byName.set(name, branch);
    return branch;
  }
}

/** What is hidden once somebody pressed this branch: it, or, when it was hidden, no longer it (but still its neighbours). */
export function toggled(hidden: ReadonlySet<string>, branch: Branch): ReadonlySet<string> {
  const next = new Set([...hidden].filter((name) => !isWithin(name, branch.name)));
  if (!isHidden(branch.name, hidden)) return next.add(branch.name);
  for (let at = branch; at.parent && isHidden(at.parent.name, hidden); at = at.parent) {
    next.delete(at.parent.name);
    for (const sibling of at.parent.children) if (sibling !== at) next.add(sibling.name);
  }
  return next;
}

/** Whether a topic is this one or below it. */
export function isWithin(name: string, whole: string): boolean {
  return name === whole || name.startsWith(`${whole}.`);
}

/** Goes on to the only thing in it, as long as there is nothing else: `orders` with just `orders.paid` is one line. */
function settled(branch: Branch): Branch {
  let at = branch;
  while (at.slot === null) {
    const inside = at.children.filter(({ topics }) => topics > 0);
    if (inside.length !== 1) break;
    at = inside[0]!;
  }
  return at;
}

function busiestFirst(a: Branch, b: Branch): number {
  return b.count - a.count || b.topics - a.topics || (a.name < b.name ? -1 : 1);
}

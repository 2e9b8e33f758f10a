import type { Subscribe } from "./messages.ts";
import { type Area, isSame } from "./tiles.ts";

/** What a session asks the server for. */
export interface Wish {
  /** Patterns: `*` is one token, a last `>` is one or more. */
  readonly topics: readonly string[];
  /** Null for the whole world. */
  readonly tiles: Area;
  /** What lies outside the tiles is counted too, though never drawn: totals are those of the whole world. */
  readonly rest: boolean;
  /** ms from step to step, a multiple of 250; null for as many steps as there are. */
  readonly every: number | null;
  /** Seconds of a warm picture to start with. */
  readonly window: number;
}

export const EVERYTHING: Wish = { topics: [">"], tiles: null, rest: false, every: null, window: 10 };

/** Whether the totals of both are of the same events, so that one account can go on from one to the other. */
export function countsAlike(a: Wish, b: Wish): boolean {
  const counted = (wish: Wish) => (wish.rest ? null : wish.tiles);
  return a.topics.join() === b.topics.join() && isSame(counted(a), counted(b));
}

/** Whether both draw the same events. */
export function showsAlike(a: Wish, b: Wish): boolean {
  return a.topics.join() === b.topics.join() && isSame(a.tiles, b.tiles);
}

/** The message that asks for it; `since` is the cursor to go on from. */
export function requestOf(wish: Wish, id: number, since: string | null): Subscribe {
  const { topics, tiles, rest, every, window } = wish;
  return {
    type: "subscribe",
    id,
    topics,
    ...(tiles === null ? {} : { tiles }),
    ...(tiles !== null && rest ? { rest } : {}),
    ...(every === null ? {} : { every }),
    since,
    window,
  };
}

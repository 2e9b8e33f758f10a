type Pair = readonly [number, number];

/** From the point to the card, and from the card to the window's edge, CSS pixels. */
const GAP = 18;
const EDGE = 10;

/** Where the top left of a card of that size goes: beside the point, on the side that has room, never outside of the window. */
export function beside([x, y]: Pair, [width, height]: Pair, [windowWidth, windowHeight]: Pair): Pair {
  const isRight = x + GAP + width + EDGE <= windowWidth || x - GAP - width - EDGE < 0;
  const left = isRight ? x + GAP : x - GAP - width;
  return [inside(left, width, windowWidth), inside(y - height / 2, height, windowHeight)];
}

function inside(at: number, size: number, whole: number): number {
  return Math.round(Math.max(EDGE, Math.min(whole - EDGE - size, at)));
}

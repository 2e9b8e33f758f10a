import { signal } from "@preact/signals";

/** Room for a column on either side of the map; with less, all but the number is behind tabs. small.css has the same condition. */
const ROOMY = matchMedia("(min-width: 1160px) and (min-height: 600px)");
export const isRoomy = signal(ROOMY.matches);
ROOMY.addEventListener("change", () => {
  isRoomy.value = ROOMY.matches;
});

/** Set while somebody wants little motion. */
export const REDUCED_MOTION = matchMedia("(prefers-reduced-motion: reduce)");

/** Whether things may move by themselves. */
export function mayMove(): boolean {
  return !REDUCED_MOTION.matches;
}

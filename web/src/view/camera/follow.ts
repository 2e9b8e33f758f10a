import { type Activity, between, type Spot } from "./activity.ts";

/** Which way the camera goes by itself. No I/O. */

/** Between two looks at the whole. */
const VISITS = 3;
/** Spots that are told apart, and by how many degrees. */
const SPOTS = 10;
const APART = 14;
/** Spots with less of what is going on are not gone to. */
const LEAST_SHARE = 0.02;
/** The last few that were seen are passed by while there are others. */
const REMEMBERED = 5;

/** A spot to look at from nearby, or the whole. */
export type Stop = { at: "spot"; spot: Spot } | { at: "whole" };

/** A tour of where it is busy: the whole, then a few spots, the busiest of those not seen lately, then the whole again. */
export class Tour {
  #left = 0;
  readonly #seen: Spot[] = [];

  /** What the whole shows decides about the spots after it. */
  next(activity: Activity | null): Stop {
    const spot = this.#left > 0 && activity !== null ? this.#busiest(activity) : null;
    if (spot === null) {
      this.#left = VISITS;
      return { at: "whole" };
    }
    this.#left--;
    this.#seen.unshift(spot);
    this.#seen.length = Math.min(this.#seen.length, REMEMBERED);
    return { at: "spot", spot };
  }

  /** Begins with the whole again. */
  restart(): void {
    this.#left = 0;
  }

  #busiest(activity: Activity): Spot | null {
    const spots = activity.spots(SPOTS, APART).filter(({ share }) => share >= LEAST_SHARE);
    const fresh = spots.find((spot) => this.#seen.every((seen) => between(seen, spot) > APART));
    // Where there are no others, the one that was left longest ago; not the one that is being looked at.
    return fresh ?? this.#oldest(spots);
  }

  #oldest(spots: readonly Spot[]): Spot | null {
    const ago = (spot: Spot) => this.#seen.findIndex((seen) => between(seen, spot) <= APART);
    const [oldest] = [...spots].sort((a, b) => ago(b) - ago(a));
    return oldest && ago(oldest) > 0 ? oldest : null;
  }
}

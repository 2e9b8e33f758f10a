import type { Map as MapLibre } from "maplibre-gl";
import * as view from "../../state/view.ts";
import { mayMove } from "../../state/window.ts";
import type { Camera } from "./camera.ts";
import { optionsOf } from "./camera.ts";
import { type Aim, closeUp, isRegional } from "./fit.ts";
import { type Stop, Tour } from "./follow.ts";

const DWELL_MS = 8000;
const TRAVEL_MS = 4000;
/** For who wants little motion the map jumps, and seldom. */
const CALM_DWELL_MS = 30_000;
/** After somebody moved the map, it is theirs for so long. */
const HANDS_OFF_MS = 30_000;
/** Degrees a second that the idle globe turns. */
const TURN = 2;
/** Degrees around a spot that are shown with it. */
const SPOT_RADIUS = 13;

/** Takes the camera on its tour while `view.following` is set, and lets go of it for a while when somebody takes it. */
export class Follower {
  readonly #camera: Camera;
  readonly #map: MapLibre;
  readonly #tour = new Tour();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Counts what the map was sent to: what was to come after the one before is off. */
  #leg = 0;

  constructor(camera: Camera, map: MapLibre) {
    this.#camera = camera;
    this.#map = map;
    camera.onTaken = () => this.#rest(HANDS_OFF_MS);
    for (const event of ["mousedown", "touchstart", "wheel"] as const) {
      map.on(event, () => this.#rest(HANDS_OFF_MS));
    }
    let wasFollowing = false;
    view.following.subscribe((following) => {
      if (following) this.#rest(0);
      else if (wasFollowing) this.#letGo();
      wasFollowing = following;
    });
    view.projection.subscribe(() => this.#rest(TRAVEL_MS));
  }

  /** Where the tour was ended the map stays. */
  #letGo(): void {
    this.#leg++;
    clearTimeout(this.#timer);
    this.#map.stop();
    view.placed.value = true;
  }

  /** Goes on with the whole, in so many ms. */
  #rest(ms: number): void {
    this.#leg++;
    clearTimeout(this.#timer);
    if (!view.following.peek()) return;
    this.#tour.restart();
    this.#after(ms, () => this.#go());
  }

  #go(): void {
    if (!view.settled.peek() || document.hidden) {
      this.#after(1000, () => this.#go());
      return;
    }
    const stop = this.#tour.next(this.#camera.look());
    if (stop.at === "whole") this.#showWhole();
    else this.#visit(stop);
  }

  #visit({ spot }: Extract<Stop, { at: "spot" }>): void {
    const { focus } = this.#camera.whole();
    const radius = isRegional(focus) ? Math.min(SPOT_RADIUS, focus.radius / 2) : SPOT_RADIUS;
    const aim = closeUp({ ...spot, radius }, this.#camera.room(), view.projection.peek());
    this.#map.flyTo({ ...optionsOf(aim), duration: TRAVEL_MS, curve: 1.2 });
    this.#there(() => this.#after(dwell(), () => this.#go()));
  }

  #showWhole(): void {
    const { focus, aim } = this.#camera.whole();
    const turns = view.projection.peek() === "globe" && !isRegional(focus);
    // A globe goes on turning from where it is; it needn't go back to its brightest side.
    const { lng } = this.#map.getCenter();
    const there = turns ? { ...aim, lon: lng } : aim;
    const isThere = Math.abs(this.#map.getZoom() - aim.zoom) < 0.05;
    this.#map.easeTo({ ...optionsOf(there), duration: turns && isThere ? 0 : TRAVEL_MS });
    this.#there(() => {
      if (turns && mayMove()) this.#turn(aim);
      else this.#after(dwell(), () => this.#go());
    });
  }

  #turn(aim: Aim): void {
    const { lng } = this.#map.getCenter();
    const turned = { ...aim, lon: lng - (TURN * DWELL_MS) / 1000 };
    this.#map.easeTo({ ...optionsOf(turned), duration: DWELL_MS, easing: (t) => t });
    this.#there(() => this.#go());
  }

  /** Goes on once the map is where it was sent to. */
  #there(run: () => void): void {
    const leg = ++this.#leg;
    const go = () => {
      if (leg === this.#leg) run();
    };
    if (this.#map.isMoving()) this.#map.once("moveend", go);
    else this.#after(0, go);
  }

  #after(ms: number, run: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(run, ms);
  }
}

function dwell(): number {
  // Where it may not move by itself MapLibre jumps instead of flying, of its own accord.
  return mayMove() ? DWELL_MS : CALM_DWELL_MS;
}

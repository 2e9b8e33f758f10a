import { batch } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import { degreesOf } from "../../receive/world.ts";
import * as store from "../../state/store.ts";
import * as view from "../../state/view.ts";
import { Activity, type Cap } from "./activity.ts";
import { type Aim, aim, focusOf, type Room } from "./fit.ts";

/** A feed that is silent for so long after the first step is not waited for. */
const OPENING_MS = 2000;
const FIT_MS = 1400;
const STEP_MS = 260;
/** Where a search or a click leads to. */
const NEARBY_ZOOM = 7;
/** How often a feed that has just begun is looked at. */
const LOOK_AGAIN_MS = 250;

type Target = { center?: [number, number]; zoom?: number; bearing?: number; pitch?: number };

/** What knows where events are: the layer that draws them. */
export interface Surveyed {
  survey(tell: (x: number, y: number, count: number) => void): void;
}

/** Moves the map: opens it, fits it to where it is busy, and does what keys, buttons and other pages ask for. Works, idle, without a map. */
export class Camera {
  map: MapLibre | null = null;
  /** All of the world is asked for, and so drawn: what can be seen of the feed is all of it. */
  seesWorld = true;
  /** Somebody took the camera over: whoever moves it by itself is to let go. */
  onTaken: () => void = () => undefined;
  readonly #layer: Surveyed;
  /** What the whole map showed when it was last looked at as a whole. */
  #activity: Activity | null = null;
  /** What the map is fitted to. */
  #focus: Cap | null = null;
  /** When the first step was counted, by the page's clock, ms. */
  #begun: number | null = null;

  constructor(layer: Surveyed) {
    this.#layer = layer;
    store.marks.subscribe((marks) => {
      if (marks > 0) this.#begun ??= performance.now();
    });
  }

  /** Gives the map its opening view, and keeps it in step with the window from now on. */
  start(map: MapLibre): void {
    this.map = map;
    map.on("movestart", (event) => {
      if (event.originalEvent) this.#take();
    });
    map.on("zoomstart", () => this.look());
    // The middle stays where it is; a view that was found by itself is found again.
    map.on("resize", () => {
      if (view.settled.peek() && !view.placed.peek() && !view.following.peek()) this.#frame(false);
    });
    view.projection.subscribe(() => {
      if (view.settled.peek() && !view.placed.peek()) this.#frame(true);
    });
    this.#open(true);
  }

  /** Shows where it is busy. */
  fit(animate = true): void {
    this.look();
    view.placed.value = false;
    this.onTaken();
    this.#frame(animate);
  }

  flyTo(lon: number, lat: number, zoom = NEARBY_ZOOM): void {
    this.#take();
    this.map?.flyTo({ center: [lon, lat], zoom, maxDuration: 4000 });
  }

  /** Nearer by so many steps, of which each doubles. */
  zoomBy(steps: number): void {
    this.#take();
    if (this.map) this.map.easeTo({ zoom: this.map.getZoom() + steps, duration: STEP_MS });
  }

  /** Moves what is seen by CSS pixels, to the left and up. */
  panBy(x: number, y: number): void {
    this.#take();
    this.map?.panBy([x, y], { duration: STEP_MS });
  }

  /** Goes where another address leads, or where it is busy if it leads nowhere. */
  go(): void {
    if (!this.map) return;
    this.onTaken();
    if (view.placed.peek()) this.map.jumpTo(targetOf(view.wanted.peek()));
    else this.fit(false);
  }

  /** What is going on in the world; as it was when all of it was last seen. Null where that never was. */
  look(): Activity | null {
    if (!this.seesWorld) return this.#activity;
    const activity = new Activity();
    this.#layer.survey((x, y, count) => activity.add(...degreesOf(x, y), count));
    this.#activity = activity;
    return activity;
  }

  /** The view of all that is going on. */
  whole(): { focus: Cap | null; aim: Aim } {
    const activity = this.look();
    this.#focus = activity && focusOf(activity);
    return { focus: this.#focus, aim: aim(this.#focus, this.room(), view.projection.peek()) };
  }

  /** What the panels leave free of the map. */
  room(): Room {
    if (!this.map) return { width: 0, height: 0, canvasHeight: 0 };
    const { clientWidth, clientHeight } = this.map.getCanvas();
    const { top = 0, bottom = 0, left = 0, right = 0 } = this.map.getPadding();
    return { width: clientWidth - left - right, height: clientHeight - top - bottom, canvasHeight: clientHeight };
  }

  #open(isFirst: boolean): void {
    const { map } = this;
    if (map === null || view.settled.peek()) return;
    if (view.placed.peek()) {
      map.jumpTo(targetOf(view.wanted.peek()));
      view.settled.value = true;
      return;
    }
    const { focus } = this.whole();
    if (isFirst) this.#frame(false);
    if (focus !== null && !isFirst) {
      map.once("moveend", () => {
        view.settled.value = true;
      });
      this.#frame(true);
    } else if (focus !== null || (this.#begun !== null && performance.now() - this.#begun > OPENING_MS)) {
      view.settled.value = true;
    } else setTimeout(() => this.#open(false), LOOK_AGAIN_MS);
  }

  #frame(animate: boolean): void {
    const options = optionsOf(aim(this.#focus, this.room(), view.projection.peek()));
    if (animate) this.map?.flyTo({ ...options, duration: FIT_MS });
    else this.map?.jumpTo(options);
  }

  #take(): void {
    batch(() => {
      view.placed.value = true;
      view.settled.value = true;
    });
    this.onTaken();
  }
}

/** An aim, as MapLibre takes it. */
export function optionsOf({ lon, lat, zoom }: Aim): Required<Target> {
  return { center: [lon, lat], zoom, bearing: 0, pitch: 0 };
}

function targetOf({ lon, lat, zoom, bearing = 0, pitch = 0 }: Partial<view.Place>): Target {
  return {
    ...(lon !== undefined && lat !== undefined && { center: [lon, lat] }),
    ...(zoom !== undefined && { zoom }),
    bearing,
    pitch,
  };
}

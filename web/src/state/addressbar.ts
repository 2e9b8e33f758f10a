import { batch, effect } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import { type Reading, readAddress, type View, writeAddress } from "./address.ts";
import { say } from "./notice.ts";
import { chosenTheme } from "./theme.ts";
import * as view from "./view.ts";

/** Browsers bear about three changes of the address a second. */
const WRITE_EVERY_MS = 500;

/** What the address bar is to this page; `search` with its question mark. */
export interface Bar {
  search(): string;
  replace(search: string): void;
}

const BROWSER: Bar = {
  search: () => location.search,
  replace: (search) => history.replaceState(history.state, "", `${location.pathname}${search}${location.hash}`),
};

let written = "";
let rest: readonly string[] = [];

/** Takes the view from the address, before anything is built from it. */
export function openAddress(bar: Bar = BROWSER): void {
  take(bar.search());
}

/** From now on the address says what is looked at, and the map goes where another address says. Returns how to end that. */
export function followAddress(map: MapLibre | null, go: () => void, bar: Bar = BROWSER): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const write = () => {
    timer = undefined;
    const search = writeAddress(viewNow(map), rest);
    // What stands there may say the same in other words; then it stays as it is.
    if (writeAddress(readAddress(bar.search()).view, rest) !== search) bar.replace(search);
    written = bar.search();
  };
  const later = () => {
    timer ??= setTimeout(write, WRITE_EVERY_MS);
  };
  const read = () => {
    if (bar.search() === written) return;
    clearTimeout(timer);
    timer = undefined;
    take(bar.search());
    go();
  };
  const ending = effect(() => {
    viewNow(null);
    view.placed.value;
    later();
  });
  map?.on("moveend", later);
  addEventListener("popstate", read);
  return () => {
    ending();
    clearTimeout(timer);
    map?.off("moveend", later);
    removeEventListener("popstate", read);
  };
}

/** The view as it is now. Where the map is counts only where somebody chose it, and goes on not to be followed away from. */
export function viewNow(map: MapLibre | null): View {
  const isPlaced = map !== null && view.placed.value && !view.following.value;
  return {
    ...placeOf(map, isPlaced),
    projection: view.projection.value,
    theme: chosenTheme.value,
    mode: view.mode.value,
    hidden: [...view.hidden.value].sort(),
    solo: view.solo.value,
    arcs: view.arcs.value,
    follow: view.following.value,
    kiosk: view.kiosk.value,
    embed: view.embedded.value,
  };
}

/** The address of what is to be seen now, the place included: for whoever is to see the same. */
export function linkTo(map: MapLibre | null): string {
  const link = new URL(location.href);
  link.search = writeAddress({ ...viewNow(map), ...placeOf(map, !view.following.peek()) }, rest);
  link.hash = "";
  return link.href;
}

/** Looks as a view says. Where to is left in `wanted`, for the camera. */
export function show(shown: Readonly<View>): void {
  const { center, zoom, bearing, pitch } = shown;
  batch(() => {
    view.projection.value = shown.projection;
    view.mode.value = shown.mode;
    view.hidden.value = new Set(shown.hidden);
    view.solo.value = shown.solo;
    view.arcs.value = shown.arcs;
    view.following.value = shown.follow;
    view.kiosk.value = shown.kiosk;
    view.embedded.value = shown.embed;
    view.placed.value = center !== null || zoom !== null;
    view.wanted.value = {
      ...(center && { lon: center[0], lat: center[1] }),
      ...(zoom !== null && { zoom }),
      bearing,
      pitch,
    };
    if (shown.theme !== null) chosenTheme.value = shown.theme;
  });
}

function take(search: string): void {
  const reading: Reading = readAddress(search);
  written = search;
  rest = reading.rest;
  show(reading.view);
  if (reading.bad.length > 0)
    say(`The address was not understood in part, which is left out: ${reading.bad.join("; ")}.`);
}

function placeOf(map: MapLibre | null, isPlaced: boolean): Pick<View, "center" | "zoom" | "bearing" | "pitch"> {
  if (map === null || !isPlaced) return { center: null, zoom: null, bearing: 0, pitch: 0 };
  const { lng, lat } = map.getCenter().wrap();
  return { center: [lng, lat], zoom: map.getZoom(), bearing: map.getBearing(), pitch: map.getPitch() };
}

import type { Map as MapLibre, MapMouseEvent } from "maplibre-gl";
import { type Incoming, incoming, type Outgoing, type Shown } from "./embed-messages.ts";
import { show, viewNow } from "./state/addressbar.ts";
import type { Around } from "./state/store.ts";
import * as store from "./state/store.ts";
import { chosenTheme } from "./state/theme.ts";
import { embedded } from "./state/view.ts";
import type { Camera } from "./view/camera/camera.ts";
import { degreesAcross } from "./view/map/pointing.ts";

/** The map in a frame of another page, and the messages that it understands: docs/embed.md. It tells what can be seen, and no token. */

const STATE_EVERY_MS = 1000;
/** A click means what is within so many CSS pixels of it. */
const REACH = 12;

/** What of the page is told to others. */
interface Told {
  /** By topic, up to the last mark. */
  totals(): Record<string, number>;
  around(lon: number, lat: number, degrees: number): Promise<Around>;
}

/**
 * Marks the page, and answers the page that it is in a frame of. Who may be that is up to the server's `frame-ancestors`. Returns what is to
 * be called once the map is there.
 */
export function startEmbed(camera: Camera, told: Told): (map: MapLibre) => void {
  embedded.subscribe((isOn) => document.documentElement.toggleAttribute("data-embed", isOn));
  const host = window.parent;
  if (!embedded.peek() || host === window) return () => undefined;
  let subscriber: string | null = null;

  const send = (message: Outgoing, origin: string) => {
    // A page without an origin (a sandboxed frame, a file) can't be named, and so is not answered.
    if (origin !== "null") host.postMessage(message, origin);
  };
  const sendState = () => {
    if (subscriber === null) return;
    const [located, rate] = [store.located.peek(), store.rate.peek()];
    send({ dynmap: "state", located, rate, topics: told.totals() }, subscriber);
  };
  const run = (message: Incoming, origin: string) => {
    if (message.dynmap === "set") change(camera, message.view);
    else if (message.dynmap === "fly") camera.flyTo(message.lon, message.lat, message.zoom);
    else if (message.dynmap === "unsubscribe") subscriber = null;
    else if (message.dynmap === "subscribe") {
      subscriber = origin;
      sendState();
    }
    if (message.dynmap === "get" || message.dynmap === "set")
      send({ dynmap: "view", view: shownNow(camera.map) }, origin);
  };

  addEventListener("message", ({ source, data, origin }) => {
    if (source !== host) return;
    const message = incoming(data);
    if (message === null) return;
    if (typeof message === "string") send({ dynmap: "error", message }, origin);
    else run(message, origin);
  });
  setInterval(sendState, STATE_EVERY_MS);
  const pick = async (map: MapLibre, { lngLat }: MapMouseEvent) => {
    const to = subscriber;
    if (to === null) return;
    const { lng: lon, lat } = lngLat.wrap();
    const { place, country, count, topics } = await told.around(lon, lat, degreesAcross(map, REACH));
    const counts = Object.fromEntries(topics.map((topic) => [topic.name, topic.count]));
    send({ dynmap: "picked", lon, lat, place, country, count, topics: counts }, to);
  };
  return (map) => {
    map.on("click", (event) => void pick(map, event));
    // To whoever holds the frame: it says nothing of the map, and until somebody is heard nobody is known to be there.
    host.postMessage({ dynmap: "ready" } satisfies Outgoing, "*");
  };
}

function change(camera: Camera, view: Partial<Shown>): void {
  const before = viewNow(camera.map);
  const follow = view.follow ?? before.follow;
  const moves = view.center !== undefined || view.zoom !== undefined;
  show({ ...before, ...view, follow: follow && !(moves && view.follow === undefined) });
  if (view.theme !== undefined) chosenTheme.value = view.theme;
  if (moves) camera.go();
}

/** Where the map is too, whoever moved it there. */
function shownNow(map: MapLibre | null): Shown {
  const { projection, theme, mode, hidden, solo, arcs, follow } = viewNow(map);
  const centre = map?.getCenter().wrap();
  const center = centre ? ([centre.lng, centre.lat] as const) : null;
  return { center, zoom: map?.getZoom() ?? null, projection, theme, mode, hidden, solo, arcs, follow };
}

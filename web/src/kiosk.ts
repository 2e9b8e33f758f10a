import "./kiosk.css";
import type { Map as MapLibre } from "maplibre-gl";
import * as store from "./state/store.ts";
import { kiosk } from "./state/view.ts";

/** The map on a wall: nobody is there to press reload. */

/** How long a lost graphics context may be away, ms: drivers start anew in a second or two. */
export const CONTEXT_MS = 10_000;
/** How long nothing may come, though the machine has a network, ms. */
export const SILENCE_MS = 5 * 60_000;
/** At most one reload in so long, ms: what a reload doesn't mend isn't mended by many. */
export const RELOAD_EVERY_MS = 60_000;
const LOOK_MS = 5000;

/** How it stands with the page; times by its own clock, ms since it was opened. */
export interface Standing {
  now: number;
  /** Since when there is no graphics context; null while there is one. */
  lostAt: number | null;
  /** When something came from the server last. */
  heardAt: number;
  isOnline: boolean;
  /** The server offers another build of this page. */
  isOutdated: boolean;
}

/** Why the page should be loaded anew, in words; null as long as it shouldn't. */
export function reasonToReload({ now, lostAt, heardAt, isOnline, isOutdated }: Standing): string | null {
  // A page is as young as its last reload, so no other memory is needed.
  if (now < RELOAD_EVERY_MS) return null;
  if (lostAt !== null && now - lostAt >= CONTEXT_MS) return "the graphics context is lost";
  if (!isOnline) return null;
  if (isOutdated) return "the server has a newer page";
  return now - heardAt >= SILENCE_MS ? "nothing came for five minutes" : null;
}

/** The script that a page starts with, by which builds differ; null where there is none. */
export function buildOf(html: string): string | null {
  return /<script[^>]*\ssrc="([^"]+)"/.exec(html)?.[1] ?? null;
}

/** Marks the page, keeps the screen awake and watches over it while `view.kiosk` is set. */
export class Kiosk {
  #lostAt: number | null = null;
  #heardAt = performance.now();
  #isOutdated = false;
  #timer: ReturnType<typeof setInterval> | undefined;
  #lock: WakeLockSentinel | null = null;
  #isReloading = false;
  readonly #build = document.querySelector<HTMLScriptElement>("script[type=module][src]")?.getAttribute("src") ?? null;

  constructor() {
    kiosk.subscribe((isOn) => {
      document.documentElement.toggleAttribute("data-kiosk", isOn);
      clearInterval(this.#timer);
      if (isOn) this.#timer = setInterval(() => void this.#look(), LOOK_MS);
      void this.#stayAwake();
    });
    const hear = () => {
      this.#heardAt = performance.now();
    };
    store.marks.subscribe(hear);
    store.tray.subscribe(hear);
    document.addEventListener("visibilitychange", () => void this.#stayAwake());
    // A server that was away may have come back as another.
    let wasAway = false;
    store.connection.subscribe(({ at }) => {
      if (at === "open" && wasAway) void this.#compare();
      wasAway = at !== "open";
    });
  }

  /** Watches over the map's graphics context too. MapLibre takes up a restored one by itself. */
  watch(map: MapLibre): void {
    map.on("webglcontextlost", () => {
      this.#lostAt ??= performance.now();
    });
    map.on("webglcontextrestored", () => {
      this.#lostAt = null;
    });
  }

  async #look(): Promise<void> {
    const reason = reasonToReload({
      now: performance.now(),
      lostAt: this.#lostAt,
      heardAt: this.#heardAt,
      isOnline: navigator.onLine,
      isOutdated: this.#isOutdated,
    });
    if (reason === null || this.#isReloading) return;
    // A page that is gone can't come back by itself: it is given up only for one that is there.
    if ((await this.#offered()) === null) return;
    this.#isReloading = true;
    console.warn(`This page is loaded anew: ${reason}.`);
    location.reload();
  }

  async #compare(): Promise<void> {
    if (!kiosk.peek()) return;
    const build = buildOf((await this.#offered()) ?? "");
    this.#isOutdated = build !== null && this.#build !== null && build !== this.#build;
  }

  /** The page as the server offers it now; null where it doesn't answer. */
  async #offered(): Promise<string | null> {
    try {
      const response = await fetch(document.baseURI, { cache: "no-store" });
      return response.ok ? await response.text() : null;
    } catch {
      return null;
    }
  }

  /** Browsers take the lock away from a page that isn't seen. */
  async #stayAwake(): Promise<void> {
    if (!kiosk.peek() || document.hidden) {
      await this.#lock?.release();
      this.#lock = null;
      return;
    }
    if (this.#lock && !this.#lock.released) return;
    try {
      this.#lock = (await navigator.wakeLock?.request("screen")) ?? null;
    } catch {
      // Without HTTPS, on low battery: the screen then sleeps when the system says so.
    }
  }
}

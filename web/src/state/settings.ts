import { backoff } from "../receive/backoff.ts";
import type { PageSettings } from "./http.gen.ts";

export type { Basemap, Home, PageSettings } from "./http.gen.ts";

const NONE: PageSettings = { home: null, basemap: { kind: "bundled" } };

let loading: Promise<PageSettings> | null = null;

/** What the server's settings say about this page; asked for once. A server that doesn't say means the usual. */
export function pageSettings(): Promise<PageSettings> {
  loading ??= load();
  return loading;
}

async function load(): Promise<PageSettings> {
  for (let failures = 1; ; failures++) {
    try {
      const response = await fetch(new URL("map.json", document.baseURI));
      return response.ok ? ((await response.json()) as PageSettings) : NONE;
    } catch {
      // The badge says that the server can't be reached; one that is just restarting will have it soon.
      await new Promise((resolve) => setTimeout(resolve, backoff(failures, Math.random())));
    }
  }
}

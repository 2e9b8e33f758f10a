import { persist } from "../receive/persist.ts";
import type { PageSettings } from "./http.gen.ts";

export type { Basemap, Home, PageSettings } from "./http.gen.ts";

const NONE: PageSettings = { home: null, basemap: { kind: "bundled" } };

let loading: Promise<PageSettings> | null = null;

/** What the server's settings say about this page; asked for once. A server that doesn't say means the usual. */
export function pageSettings(): Promise<PageSettings> {
  loading ??= load();
  return loading;
}

function load(): Promise<PageSettings> {
  return persist(async () => {
    const response = await fetch(new URL("map.json", document.baseURI));
    return response.ok ? ((await response.json()) as PageSettings) : NONE;
  });
}

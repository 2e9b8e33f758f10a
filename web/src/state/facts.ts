import type { Stats } from "./http.gen.ts";
import { askStats } from "./stats.ts";
import * as store from "./store.ts";

/** The few things of `GET /api/stats` that don't come over the live connection; a server without them changes nothing. */
type Facts = Partial<Pick<Stats, "geo" | "started">>;

export async function loadServerFacts(): Promise<void> {
  try {
    const response = await askStats();
    if (response.ok) note((await response.json()) as Facts);
  } catch {
    // The badge says that the server can't be reached; what was known stays.
  }
}

/** Whom the places are owed to is up to the location table that the server has opened. */
export function note({ geo, started }: Facts): void {
  if (geo?.attribution) {
    const linked = geo.link && /^https?:\/\//.test(geo.link);
    store.attribution.value = { text: geo.attribution, url: linked ? (geo.link as string) : null };
  }
  if (typeof started === "number") store.started.value = started;
}

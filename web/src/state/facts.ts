import { bearer } from "../receive/environment.ts";
import type { Stats } from "./http.gen.ts";
import * as store from "./store.ts";
import { token } from "./token.ts";

/** The few things of `GET /api/stats` that don't come over the live connection; a server without them changes nothing. */
type Facts = Partial<Pick<Stats, "geo" | "started">>;

export async function loadServerFacts(): Promise<void> {
  try {
    const shown = token.peek();
    const response = await fetch(
      new URL("api/stats", document.baseURI),
      shown === null ? {} : { headers: bearer(shown) },
    );
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

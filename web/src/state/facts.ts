import * as store from "./store.ts";

/** The few things of `GET /api/stats` that don't come over the live connection; a server without them changes nothing. */
interface Facts {
  geo?: { attribution?: { text?: string; url?: string } };
  started?: number;
}

export async function loadServerFacts(): Promise<void> {
  let facts: Facts;
  try {
    const response = await fetch(new URL("api/stats", document.baseURI));
    if (!response.ok) return;
    facts = (await response.json()) as Facts;
  } catch {
    return; // The badge says that the server can't be reached; the defaults stay.
  }
  const { text, url } = facts.geo?.attribution ?? {};
  if (text && url && /^https?:\/\//.test(url)) store.attribution.value = { text, url };
  if (typeof facts.started === "number") store.started.value = facts.started;
}

import type { Map as MapLibre } from "maplibre-gl";

/** The origin that a URL of MapLibre's leads to; null for one that leads to no other machine. */
export function originOf(url: string): string | null {
  const plain = url.replace(/^pmtiles:\/\//, "");
  return /^https?:\/\//i.test(plain) && URL.canParse(plain) ? new URL(plain).origin : null;
}

/** Says so once of each origin that the map asks and the browser won't let it. */
export function watchOrigins(map: MapLibre, allowed: readonly string[], say: (text: string) => void): void {
  const known = new Set([location.origin, ...allowed]);
  const check = (url: string) => {
    const origin = originOf(url);
    if (origin === null || known.has(origin)) return;
    known.add(origin);
    say(`The base map asks ${origin}, which the settings don't name: map.origins = ["${origin}"]`);
  };
  map.setTransformRequest((url) => {
    check(url);
    return { url };
  });
  // Where a request is led on to another host.
  document.addEventListener("securitypolicyviolation", ({ blockedURI }) => check(blockedURI));
}

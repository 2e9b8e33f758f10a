import { backoff } from "./backoff.ts";

/** Tries until there is an answer, with growing waits: a server that is just restarting will have it soon. Null, and a failed request, is none. */
export async function persist<Answer>(attempt: () => Promise<Answer | null>): Promise<Answer> {
  for (let failures = 1; ; failures++) {
    // That the server can't be reached is said by the badge.
    const answer = await attempt().catch(() => null);
    if (answer !== null) return answer;
    await new Promise((resolve) => setTimeout(resolve, backoff(failures, Math.random())));
  }
}

/** A file of the page's own server. */
export function bytesOf(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  return persist(async () => {
    const response = await fetch(url);
    if (response.ok) return new Uint8Array(await response.arrayBuffer());
    console.warn(`${url.pathname} can't be loaded: ${response.status}`);
    return null;
  });
}

import { signal } from "@preact/signals";
import { isToken } from "../receive/environment.ts";

const KEY = "dynmap.token";

/** What this page shows the server to be let in, if anything. */
export const token = signal<string | null>(null);

/**
 * Takes the token from the address, `#token=...`, now and whenever it changes: from the part that no browser sends and no log keeps. It is
 * taken off the address at once, so that it is in no bookmark and on no screenshot, and kept for as long as the tab is open.
 */
export function followToken(): void {
  token.value = fromAddress() ?? kept();
  addEventListener("hashchange", () => {
    token.value = fromAddress() ?? token.value;
  });
}

function fromAddress(): string | null {
  const parts = new URLSearchParams(location.hash.slice(1));
  const given = parts.get("token")?.trim();
  if (given === undefined) return null;
  parts.delete("token");
  const rest = parts.toString();
  history.replaceState(history.state, "", `${location.pathname}${location.search}${rest && `#${rest}`}`);
  if (!isToken(given)) return null;
  try {
    sessionStorage.setItem(KEY, given);
  } catch {
    // Storage may be forbidden (private windows, frames): the token then holds as long as the page.
  }
  return given;
}

function kept(): string | null {
  try {
    return sessionStorage.getItem(KEY);
  } catch {
    return null;
  }
}

import { signal } from "@preact/signals";

/** How long what needs no answer is shown, ms. */
const BRIEF_MS = 4000;

/** One line about something that was asked of this page: a part of its address, a picture, a clip. Null for none. */
export const notice = signal<string | null>(null);

let timer: ReturnType<typeof setTimeout> | undefined;

/** Says something until it is dismissed, or something else is said. */
export function say(text: string): void {
  clearTimeout(timer);
  notice.value = text;
}

/** Says that something was done, for a few seconds. */
export function sayBriefly(text: string): void {
  say(text);
  timer = setTimeout(() => {
    notice.value = null;
  }, BRIEF_MS);
}

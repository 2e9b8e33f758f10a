import { signal } from "@preact/signals";
import type { Theme } from "../view/theme.ts";
import { theme } from "./store.ts";

const KEY = "dynmap.theme";
const system = matchMedia("(prefers-color-scheme: light)");

/** What somebody chose: here, here before, or in the address. Null: the system's. */
export const chosenTheme = signal<Theme | null>(null);

/** Follows the system until a theme is chosen, then keeps to the choice. */
export function followTheme(): void {
  chosenTheme.value = kept();
  chosenTheme.subscribe(apply);
  system.addEventListener("change", apply);
}

/** Chooses a theme, for this page and those that are opened later. */
export function chooseTheme(choice: Theme): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Storage may be forbidden (private windows, frames): the choice then holds as long as the page.
  }
  chosenTheme.value = choice;
}

/** Chooses the other one. */
export function toggleTheme(): void {
  chooseTheme(theme.peek() === "dark" ? "light" : "dark");
}

function apply(): void {
  const shown = chosenTheme.peek() ?? systems();
  document.documentElement.dataset.theme = shown;
  theme.value = shown;
}

function systems(): Theme {
  return system.matches ? "light" : "dark";
}

function kept(): Theme | null {
  try {
    const choice = localStorage.getItem(KEY);
    return choice === "dark" || choice === "light" ? choice : null;
  } catch {
    return null;
  }
}

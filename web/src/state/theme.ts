import type { Theme } from "../view/theme.ts";
import { theme } from "./store.ts";

const KEY = "dynmap.theme";
const system = matchMedia("(prefers-color-scheme: light)");

/** Follows the system until a theme is chosen, then keeps to the choice. */
export function followTheme(): void {
  apply(chosen() ?? systems());
  system.addEventListener("change", () => {
    if (!chosen()) apply(systems());
  });
}

export function chooseTheme(choice: Theme): void {
  try {
    localStorage.setItem(KEY, choice);
  } catch {
    // Storage may be forbidden (private windows, frames): the choice then holds as long as the page.
  }
  apply(choice);
}

function apply(choice: Theme): void {
  document.documentElement.dataset.theme = choice;
  theme.value = choice;
}

function systems(): Theme {
  return system.matches ? "light" : "dark";
}

function chosen(): Theme | null {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === "dark" || kept === "light" ? kept : null;
  } catch {
    return null;
  }
}

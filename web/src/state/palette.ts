import type { Rgb, Theme } from "../view/theme.ts";

/**
 * Colours of topics: told apart by eyes with any colour vision (hue and lightness both differ; a test simulates), and apart
 * from the heat ramp, which owns violet, magenta and orange. The light theme has the same hues as inks.
 */
const HUES: Readonly<Record<Theme, readonly string[]>> = {
  dark: ["#3dd6ff", "#ffd84d", "#2fb483", "#317de9", "#dbfce0", "#9c7c0b", "#64d6af", "#318da2"],
  light: ["#0284c7", "#b98a00", "#0a7d57", "#0b39bd", "#133702", "#150f85", "#4aa494", "#1a517b"],
};

/** Topics after the first eight take the hues again, each time further towards this. */
const GREY: Readonly<Record<Theme, Rgb>> = { dark: [150, 165, 200], light: [120, 130, 150] };

export const DISTINCT = HUES.dark.length;

/** The colour (0..255) of the n-th topic. */
export function colourOf(n: number, theme: Theme): Rgb {
  const hue = fromHex(HUES[theme][n % DISTINCT]!);
  const round = Math.min(2, Math.floor(n / DISTINCT));
  const part = round * 0.35;
  const grey = GREY[theme];
  const mixed = (i: 0 | 1 | 2) => Math.round(hue[i] + part * (grey[i] - hue[i]));
  return [mixed(0), mixed(1), mixed(2)];
}

export function cssOf([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

function fromHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

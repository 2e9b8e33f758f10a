import { describe, expect, it } from "vitest";
import { MAP_COLOURS, type Rgb, type Theme } from "../view/theme.ts";
import { colourOf, DISTINCT } from "./palette.ts";

const THEMES: Theme[] = ["dark", "light"];

/** Viénot, Brettel and Mollon 1999 (protan, deutan), in linear RGB; the first is plain sight. */
const EYES: Readonly<Record<string, readonly (readonly [number, number, number])[]>> = {
  normal: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  protan: [
    [0.11238, 0.88762, 0],
    [0.11238, 0.88762, 0],
    [0.00401, -0.00401, 1],
  ],
  deutan: [
    [0.29275, 0.70725, 0],
    [0.29275, 0.70725, 0],
    [-0.02234, 0.02234, 1],
  ],
};

const linear = (v: number) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);

/** OKLab (Ottosson 2020) of a colour (0..1) as those eyes see it. */
function seen(rgb: readonly number[], eyes: string): readonly number[] {
  const light = rgb.map(linear);
  const [r, g, b] = EYES[eyes]!.map((line) =>
    Math.max(
      0,
      line.reduce((sum, k, i) => sum + k * light[i]!, 0),
    ),
  );
  const l = Math.cbrt(0.4122214708 * r! + 0.5363325363 * g! + 0.0514459929 * b!);
  const m = Math.cbrt(0.2119034982 * r! + 0.6806995451 * g! + 0.1073969566 * b!);
  const s = Math.cbrt(0.0883024619 * r! + 0.2817188376 * g! + 0.6299787005 * b!);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

const apart = (a: readonly number[], b: readonly number[], eyes: string) =>
  Math.hypot(...seen(a, eyes).map((v, i) => v - seen(b, eyes)[i]!));
const unit = (rgb: Rgb) => rgb.map((v) => v / 255);

describe.each(THEMES)("topics' colours, %s", (theme) => {
  const colours = Array.from({ length: DISTINCT }, (_, i) => unit(colourOf(i, theme)));

  it.each(Object.keys(EYES))("are told apart by %s eyes", (eyes) => {
    for (let a = 0; a < DISTINCT; a++) {
      for (let b = 0; b < a; b++) {
        expect(apart(colours[a]!, colours[b]!, eyes), `${a} and ${b}`).toBeGreaterThan(0.1);
      }
    }
  });

  it("are not those of the heat ramp", () => {
    // The ends (unlit land, and the white or dark heart) are of no hue that a topic could be taken for.
    for (const heat of MAP_COLOURS[theme].ramp.slice(1, 4)) {
      for (const [i, colour] of colours.entries()) expect(apart(colour, heat, "normal"), `${i}`).toBeGreaterThan(0.1);
    }
  });

  it("go on after the distinct ones, paler", () => {
    expect(colourOf(DISTINCT, theme)).not.toEqual(colourOf(0, theme));
    expect(colourOf(500, theme).every((v) => v >= 0 && v <= 255)).toBe(true);
  });
});

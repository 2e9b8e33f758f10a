import type { LayerSpecification, SourceSpecification, StyleSpecification } from "maplibre-gl";
import type { Theme } from "../../theme.ts";
import { fetched } from "./fetched.ts";
import { absolute, type Look } from "./look.ts";

/** Over a light style in the dark theme, or events would not be seen to glow. */
const SHADE = { dark: "rgba(5, 9, 23, 0.62)", light: "rgba(5, 9, 23, 0)" } as const;

/** A MapLibre style, under a shade where it is light and the theme is dark. */
export async function styleLook(url: string): Promise<Look> {
  const style = (await (await fetched(url)).json().catch(() => null)) as StyleSpecification | null;
  if (style?.version !== 8 || !Array.isArray(style.layers) || typeof style.sources !== "object") {
    throw new Error(`${new URL(url).host} answers with something that is no MapLibre style`);
  }
  const { layers, ...rest } = resolved(style, url);
  const needsShade = isLight(backgroundOf(layers));
  const names = layers.findLastIndex((layer) => layer.type !== "symbol") + 1;
  return {
    style: rest,
    layers: (theme) => (needsShade ? layers.toSpliced(names, 0, shade(theme)) : layers),
  };
}

function shade(theme: Theme): LayerSpecification {
  return { id: "shade", type: "background", paint: { "background-color": SHADE[theme] } };
}

/** The style with its relative URLs made absolute. */
export function resolved(style: StyleSpecification, base: string): StyleSpecification {
  const sources = Object.entries(style.sources).map(([name, source]) => [name, resolvedSource(source, base)]);
  const made: StyleSpecification = { ...style, sources: Object.fromEntries(sources) };
  if (style.glyphs) made.glyphs = absolute(style.glyphs, base);
  if (typeof style.sprite === "string") made.sprite = absolute(style.sprite, base);
  else if (style.sprite) made.sprite = style.sprite.map(({ id, url }) => ({ id, url: absolute(url, base) }));
  return made;
}

function resolvedSource(source: SourceSpecification, base: string): SourceSpecification {
  const made = { ...source } as { url?: string; tiles?: string[]; data?: unknown };
  if (made.url) made.url = absolute(made.url, base);
  if (made.tiles) made.tiles = made.tiles.map((tile) => absolute(tile, base));
  if (typeof made.data === "string") made.data = absolute(made.data, base);
  return made as SourceSpecification;
}

function backgroundOf(layers: readonly LayerSpecification[]): string | null {
  const background = layers.find((layer) => layer.type === "background");
  const colour = background?.type === "background" ? background.paint?.["background-color"] : undefined;
  return typeof colour === "string" ? colour : null;
}

/** Whether a CSS colour is more light than dark; one that can't be read is not. */
function isLight(colour: string | null): boolean {
  const drawing = colour === null ? null : new OffscreenCanvas(1, 1).getContext("2d");
  if (!drawing || colour === null) return false;
  drawing.fillStyle = "#000";
  drawing.fillStyle = colour;
  drawing.fillRect(0, 0, 1, 1);
  const [red = 0, green = 0, blue = 0] = drawing.getImageData(0, 0, 1, 1).data;
  return 0.3 * red + 0.6 * green + 0.1 * blue > 110;
}

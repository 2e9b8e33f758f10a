import { layers, namedFlavor } from "@protomaps/basemaps";
import type { LayerSpecification } from "maplibre-gl";
import type { Theme } from "../../theme.ts";

const FLAVORS = { dark: "black", light: "white" } as const;

/** Protomaps' design in its quietest colours, so that the events stand out; names in fonts of this machine, no icons. */
export function protomapsLayers(source: string, has: ReadonlySet<string>, theme: Theme): LayerSpecification[] {
  const all = layers(source, namedFlavor(FLAVORS[theme]), { lang: "en" }) as LayerSpecification[];
  return all.flatMap((layer): LayerSpecification[] => {
    if ("source-layer" in layer && !has.has(layer["source-layer"] ?? "")) return []; // an extract without it
    if (layer.type !== "symbol") return [layer];
    const { "icon-image": icon, ...layout } = layer.layout ?? {};
    const isOnlyAnIcon = icon !== undefined && layout["text-field"] === undefined;
    return isOnlyAnIcon ? [] : [{ ...layer, layout }];
  });
}

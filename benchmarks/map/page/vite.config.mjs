import { fileURLToPath } from "node:url";

const page = (path) => fileURLToPath(new URL(`../../../web/node_modules/${path}`, import.meta.url));

/** MapLibre is the one that the map page is built with, whoever imports it. */
export default {
  base: "./",
  resolve: { alias: { "maplibre-gl": page("maplibre-gl") } },
  build: { target: "es2023", emptyOutDir: true, chunkSizeWarningLimit: 4000 },
  worker: { format: "es" },
};

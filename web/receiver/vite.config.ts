import { copyFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The map's own receiver as one ES module: for npm, and beside the map, where every server serves it as /receiver.js. */
export default defineConfig({
  publicDir: false,
  build: {
    lib: { entry: here("../src/receive/index.ts"), formats: ["es"], fileName: () => "receiver.js" },
    outDir: here("dist"),
    emptyOutDir: true,
    target: "es2023",
    minify: false,
  },
  plugins: [
    {
      name: "beside-the-map",
      closeBundle: () => copyFileSync(here("dist/receiver.js"), here("../../src/dynmap/static/receiver.js")),
    },
  ],
});

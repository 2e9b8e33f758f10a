import { defineConfig } from "vite";

const server = process.env.DYNMAP_SERVER ?? "http://127.0.0.1:8080";

export default defineConfig({
  base: "./",
  build: {
    outDir: "../src/dynmap/static",
    emptyOutDir: true,
    target: "es2023",
    // MapLibre is most of the page, and its worker is a second copy of half of it.
    chunkSizeWarningLimit: 1300,
  },
  worker: { format: "es" },
  server: {
    port: 5173,
    proxy: { "/api": { target: server, ws: true }, "/map.json": server, "/basemap.pmtiles": server },
  },
});

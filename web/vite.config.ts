import { defineConfig, type Plugin } from "vite";

const server = process.env.DYNMAP_SERVER ?? "http://127.0.0.1:8080";

/** The page talks to its own server and to nobody else; the browser holds it to that. (The dev server needs more.) */
const POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src 'self' blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

function contentSecurityPolicy(): Plugin {
  return {
    name: "content-security-policy",
    apply: "build",
    transformIndexHtml: () => [
      { tag: "meta", attrs: { "http-equiv": "Content-Security-Policy", content: POLICY }, injectTo: "head-prepend" },
    ],
  };
}

export default defineConfig({
  base: "./",
  plugins: [contentSecurityPolicy()],
  build: {
    outDir: "../src/dynmap/static",
    emptyOutDir: true,
    target: "es2023",
    // MapLibre is most of the page, and its worker is a second copy of half of it.
    chunkSizeWarningLimit: 1200,
  },
  worker: { format: "es" },
  server: {
    port: 5173,
    proxy: { "/api": { target: server, ws: true } },
  },
});

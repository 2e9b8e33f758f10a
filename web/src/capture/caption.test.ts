import { expect, it, vi } from "vitest";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("innerHeight", 900);
vi.stubGlobal("addEventListener", () => undefined);
const store = await import("../state/store.ts");
const { captionOf, fileName } = await import("./caption.ts");

const NOW = Date.UTC(2026, 10, 25, 19, 5, 12);

it("a picture names all whom the page names", () => {
  store.basemapAttribution.value = [{ text: "© Green Tiles", url: null }];
  expect(captionOf(NOW).credits).toBe(
    "DynMap · MapLibre · Natural Earth · GeoNames · IP geolocation by DB-IP · © Green Tiles",
  );
});

it("files are named by their time, without colons", () => {
  expect(fileName(NOW, "png")).toBe("dynmap-2026-11-25T19-05-12Z.png");
});

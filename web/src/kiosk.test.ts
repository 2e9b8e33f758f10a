import { expect, it, vi } from "vitest";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("innerHeight", 900);
vi.stubGlobal("addEventListener", () => undefined);
const { buildOf, CONTEXT_MS, RELOAD_EVERY_MS, reasonToReload, SILENCE_MS } = await import("./kiosk.ts");

const WELL = { now: 600_000, lostAt: null, heardAt: 599_000, isOnline: true, isOutdated: false };

it("a page that is well stays", () => {
  expect(reasonToReload(WELL)).toBeNull();
});

it("a graphics context that doesn't come back is given up", () => {
  expect(reasonToReload({ ...WELL, lostAt: WELL.now - CONTEXT_MS + 1 })).toBeNull();
  expect(reasonToReload({ ...WELL, lostAt: WELL.now - CONTEXT_MS })).toMatch(/graphics/);
  expect(reasonToReload({ ...WELL, lostAt: WELL.now - CONTEXT_MS, isOnline: false })).toMatch(/graphics/);
});

it("silence is given up only where there is a network", () => {
  const silent = { ...WELL, heardAt: WELL.now - SILENCE_MS };
  expect(reasonToReload(silent)).toMatch(/five minutes/);
  expect(reasonToReload({ ...silent, heardAt: silent.heardAt + 1 })).toBeNull();
  expect(reasonToReload({ ...silent, isOnline: false })).toBeNull();
});

it("a newer page is taken up", () => {
  expect(reasonToReload({ ...WELL, isOutdated: true })).toMatch(/newer/);
});

it("no page is loaded anew twice within a minute", () => {
  const young = { now: RELOAD_EVERY_MS - 1, lostAt: 0, heardAt: -SILENCE_MS, isOnline: true, isOutdated: true };
  expect(reasonToReload(young)).toBeNull();
  expect(reasonToReload({ ...young, now: RELOAD_EVERY_MS })).not.toBeNull();
});

it("builds differ by the script that they start with", () => {
  expect(buildOf('<head><script type="module" crossorigin src="./assets/index-a1.js"></script>')).toBe(
    "./assets/index-a1.js",
  );
  expect(buildOf("<title>502 Bad Gateway</title>")).toBeNull();
});

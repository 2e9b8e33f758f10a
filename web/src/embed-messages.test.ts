import { expect, it, test } from "vitest";
import { incoming } from "./embed-messages.ts";

test.each([
  { dynmap: "get" },
  { dynmap: "subscribe" },
  { dynmap: "unsubscribe" },
  { dynmap: "fly", lon: -180, lat: 52 },
  { dynmap: "fly", lon: 13, lat: 52, zoom: 6 },
  { dynmap: "set", view: {} },
  {
    dynmap: "set",
    view: { center: [1, 2], zoom: 3, projection: "flat", theme: null, mode: "heat", arcs: true, follow: false },
  },
  { dynmap: "set", view: { hidden: ["a", "b.c"], solo: null, center: null } },
] as const)("%j is understood", (message) => {
  expect(incoming(message)).toEqual(message);
});

test.each<unknown>([null, undefined, 7, "get", [], {}, { type: "get" }, ["dynmap"]])(
  "%j is not for the map",
  (message) => {
    expect(incoming(message)).toBeNull();
  },
);

test.each<unknown>([
  { dynmap: "reboot" },
  { dynmap: ["get"] },
  { dynmap: "get", token: 1 },
  { dynmap: "fly" },
  { dynmap: "fly", lon: "13", lat: 52 },
  { dynmap: "fly", lon: 13, lat: Number.NaN },
  { dynmap: "fly", lon: 13, lat: 52, zoom: Number.POSITIVE_INFINITY },
  { dynmap: "fly", lon: 13, lat: 52, pitch: 3 },
  { dynmap: "set" },
  { dynmap: "set", view: null },
  { dynmap: "set", view: { kiosk: true } },
  { dynmap: "set", view: { toString: 1 } },
  { dynmap: "set", view: { center: [1] } },
  { dynmap: "set", view: { center: [1, 200] } },
  { dynmap: "set", view: { hidden: "a" } },
  { dynmap: "set", view: { hidden: ["<b>"] } },
  { dynmap: "set", view: { solo: "a.>" } },
  { dynmap: "set", view: { mode: "all" } },
  { dynmap: "set", view: { arcs: 1 } },
])("%j is refused in words", (message) => {
  expect(incoming(message)).toBeTypeOf("string");
});

it("says what was wrong", () => {
  expect(incoming({ dynmap: "set", view: { zoon: 1 } })).toMatch(/zoon.*zoom/);
});

import { beforeEach, expect, test, vi } from "vitest";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("innerHeight", 900);
vi.stubGlobal("addEventListener", () => undefined);
const store = await import("./store.ts");
const { note } = await import("./facts.ts");

const DEFAULT = { text: "IP geolocation by DB-IP", url: "https://db-ip.com" };

beforeEach(() => {
  store.attribution.value = DEFAULT;
});

test("credit goes to whoever made the location table", () => {
  note({ geo: { attribution: "IP address data powered by IPinfo", link: "https://ipinfo.io" }, started: 7 });
  expect(store.attribution.value).toEqual({ text: "IP address data powered by IPinfo", url: "https://ipinfo.io" });
  expect(store.started.value).toBe(7);
});

test.each(["", "javascript:alert(1)", undefined])("a link of %o is no link", (link) => {
  note({ geo: { attribution: "IP geolocation by own.mmdb", ...(link === undefined ? {} : { link }) } });
  expect(store.attribution.value).toEqual({ text: "IP geolocation by own.mmdb", url: null });
});

test("a server that has no table yet changes nothing", () => {
  note({ geo: {} });
  expect(store.attribution.value).toEqual(DEFAULT);
});

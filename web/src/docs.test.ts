import { readFileSync } from "node:fs";
import { expect, it, vi } from "vitest";
import { PARAMETERS } from "./state/address.ts";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("innerHeight", 900);
vi.stubGlobal("addEventListener", () => undefined);
const { KEYS } = await import("./view/camera/keys.ts");

const DOCUMENT = readFileSync(new URL("../../docs/map.md", import.meta.url), "utf8");

/** Cells of the table that begins with this one. */
function table(first: string): string[][] {
  const [, rows = ""] = DOCUMENT.split(`| ${first} |`);
  const lines = rows.split("\n\n")[0]!.split("\n").slice(2);
  return lines.map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

it("docs/map.md has the keys, all of them, as help shows them", () => {
  expect(table("keys")).toEqual(KEYS.map(({ keys, what }) => [keys.map((key) => `\`${key}\``).join(" "), what]));
});

it("docs/map.md has every parameter of the address", () => {
  const named = table("parameter").flatMap(([names = ""]) => names.split(", ").map((name) => name.replaceAll("`", "")));
  expect(named).toEqual(expect.arrayContaining(PARAMETERS.map(({ name }) => name)));
  expect(named).toHaveLength(PARAMETERS.length);
});

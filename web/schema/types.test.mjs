import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { TYPES, typesOf } from "./types.mjs";

test.each(Object.entries(TYPES))(
  "the types of %s are those of the server's schema: else run `make types`",
  async (name, path) => {
    expect(await readFile(path, "utf8")).toBe(await typesOf(name));
  },
);

/**
 * Makes the page's types from the server's schema (`npm run types`).
 *
 * The schema itself is written by `python -m dynmap.serve.schema web/schema`; `make types` does both.
 */

import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { compile } from "json-schema-to-typescript";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Where the types of each document go. */
export const TYPES = {
  live: here("../src/receive/live.gen.ts"),
  http: here("../src/state/http.gen.ts"),
};

/** The TypeScript of a document, as it is to be kept. */
export async function typesOf(name) {
  const schema = JSON.parse(await readFile(here(`${name}.json`), "utf8"), olderTuples);
  return compile(schema, name, {
    bannerComment: `// Made by \`make types\` from web/schema/${name}.json: change the server's classes instead.`,
    additionalProperties: false,
    style: { printWidth: 120 },
  });
}

/** The compiler knows a tuple by what JSON Schema called it before 2020. */
function olderTuples(_key, schema) {
  if (!schema?.prefixItems) return schema;
  const { prefixItems, ...rest } = schema;
  return { ...rest, items: prefixItems, additionalItems: rest.items ?? true };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, path] of Object.entries(TYPES)) await writeFile(path, await typesOf(name));
}

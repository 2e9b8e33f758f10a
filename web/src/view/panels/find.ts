import type { Found } from "../../places/search.ts";

type Find = (text: string) => readonly Found[];

let loaded: Promise<Find> | null = null;

/** Places by name, the likeliest first. Names, and what finds them, are loaded when somebody first asks. */
export async function find(text: string): Promise<readonly Found[]> {
  loaded ??= load();
  return (await loaded)(text);
}

async function load(): Promise<Find> {
  const [{ search }, { loadGazetteer }] = await Promise.all([
    import("../../places/search.ts"),
    import("../../places/gazetteer.ts"),
  ]);
  const gazetteer = await loadGazetteer(document.baseURI);
  return (text) => search(gazetteer, text);
}

import type { Attribution } from "../../../state/store.ts";

const LINK = /<a\b[^>]*?\bhref\s*=\s*["']?([^"'\s>]+)[^>]*>(.*?)<\/a>/gis;
const NAMED: Readonly<Record<string, string>> = {
  copy: "©",
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  nbsp: " ",
  reg: "®",
  middot: "·",
};

/** Whom a map is owed to, from the HTML that maps say it in: texts and links, and no HTML any more. */
export function attributionsOf(html: string): Attribution[] {
  const found: Attribution[] = [];
  let at = 0;
  for (const link of html.matchAll(LINK)) {
    push(found, html.slice(at, link.index), null);
    push(found, link[2]!, link[1]!);
    at = link.index + link[0].length;
  }
  push(found, html.slice(at), null);
  return found;
}

function push(found: Attribution[], html: string, link: string | null): void {
  const text = unescaped(html.replace(/<[^>]*>/g, " "))
    .replace(/\s+/g, " ")
    .replace(/^[\s|·,]+|[\s|·,]+$/g, "");
  const url = link === null ? null : unescaped(link);
  if (text !== "") found.push({ text, url: url && /^https?:\/\//i.test(url) ? url : null });
}

function unescaped(text: string): string {
  return text.replace(/&(#x?[0-9a-f]+|\w+);/gi, (whole, name: string) => {
    if (!name.startsWith("#")) return NAMED[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

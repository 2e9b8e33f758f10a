import { describe, expect, it } from "vitest";
import { attributionsOf } from "./attribution.ts";

describe("attributions", () => {
  it("are plain text, or links", () => {
    expect(attributionsOf("© Example")).toEqual([{ text: "© Example", url: null }]);
    expect(attributionsOf('<a href="https://a.example/copyright">&copy; A &amp; B</a>')).toEqual([
      { text: "© A & B", url: "https://a.example/copyright" },
    ]);
    expect(
      attributionsOf(
        "<a target=_blank href='https://p.example'>P</a> | Data <b>from</b> <a href=https://o.example>&#169; O</a>",
      ),
    ).toEqual([
      { text: "P", url: "https://p.example" },
      { text: "Data from", url: null },
      { text: "© O", url: "https://o.example" },
    ]);
    expect(attributionsOf("")).toEqual([]);
  });

  it("bring no code", () => {
    expect(attributionsOf('<a href="javascript:alert(1)">x</a><img src=x onerror=alert(1)>')).toEqual([
      { text: "x", url: null },
    ]);
    expect(attributionsOf("&#x110000; &unknown;")).toEqual([{ text: "&#x110000; &unknown;", url: null }]);
  });
});

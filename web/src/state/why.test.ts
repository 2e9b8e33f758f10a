import { expect, it } from "vitest";
import { whyOf } from "./why.ts";

it("puts the commonest reason and the newest line first", () => {
  const examples = [
    { reason: "no address", line: "a" },
    { reason: "no time", line: "b" },
  ];
  expect(whyOf({ reasons: { "no time": 2, "no address": 7 }, examples })).toEqual({
    reasons: [
      { reason: "no address", count: 7 },
      { reason: "no time", count: 2 },
    ],
    examples: [examples[1], examples[0]],
  });
});

it("knows of nothing where the token lets see nothing", () => {
  expect(whyOf({})).toEqual({ reasons: [], examples: [] });
});

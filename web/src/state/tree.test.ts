import { describe, expect, it } from "vitest";
import type { TopicRow } from "./store.ts";
import { isWithin, type Line, TopicTree, toggled } from "./tree.ts";

const rows = (counts: Record<string, number>): TopicRow[] =>
  Object.entries(counts).map(([name, count], slot) => ({ slot, name, count, rate: count / 10 }));

function treeOf(counts: Record<string, number>): TopicTree {
  const tree = new TopicTree();
  tree.update(rows(counts));
  return tree;
}

const written = ({ prefix, label, depth, branch }: Line) => `${"  ".repeat(depth)}${label} (${prefix}) ${branch.count}`;
const open = () => true;
const shut = () => false;
const find = (tree: TopicTree, name: string) =>
  tree.lines(open, 1000).find(({ branch }) => branch.name === name)!.branch;

const WEB = { "web.200": 50, "web.404": 5, "web.api.get": 3, "web.api.put": 4, signup: 20, "orders.paid": 30 };

describe("topics as a tree", () => {
  it("has sums, the busiest first, and no line for what has only one thing in it", () => {
    expect(treeOf(WEB).lines(open, 100).map(written)).toEqual([
      "web () 62",
      "  200 (web.) 50",
      "  api (web.) 7",
      "    put (web.api.) 4",
      "    get (web.api.) 3",
      "  404 (web.) 5",
      "orders.paid () 30",
      "signup () 20",
    ]);
  });

  it("shows what is inside of open branches only", () => {
    const lines = treeOf(WEB).lines(shut, 100);
    expect(lines.map(({ label, isOpen }) => [label, isOpen])).toEqual([
      ["web", false],
      ["orders.paid", null],
      ["signup", null],
    ]);
    expect(lines[0]!.branch.topics).toBe(4);
    expect(lines[0]!.branch.slots().toSorted()).toEqual([0, 1, 2, 3]);
  });

  it("counts a topic that has others below it once", () => {
    const tree = treeOf({ a: 1, "a.b": 2, "a.b.c": 4 });
    expect(tree.lines(open, 100).map(written)).toEqual(["a () 7", "  b (a.) 6", "    c (a.b.) 4"]);
    expect(tree.size).toBe(3);
  });

  it("shows no more than asked", () => {
    expect(treeOf(WEB).lines(open, 3)).toHaveLength(3);
  });

  it("follows the list: new figures, new topics, and those that are gone", () => {
    const tree = treeOf(WEB);
    tree.update(rows({ "web.404": 1, "mail.open": 2, "mail.click": 9 }));
    expect(tree.lines(open, 100).map(written)).toEqual([
      "mail () 11",
      "  click (mail.) 9",
      "  open (mail.) 2",
      "web.404 () 1",
    ]);
  });

  it("finds topics by a part of the name, in any case", () => {
    expect(treeOf(WEB).find("P", 100).map(written)).toEqual([
      "orders.paid () 30",
      "signup () 20",
      "web.api.put () 4",
      "web.api.get () 3",
    ]);
    expect(treeOf(WEB).find("p", 2)).toHaveLength(2);
  });

  it("takes thousands of topics", () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`t${i % 50}.c${i % 500}.n${i}`, i]));
    const tree = treeOf(many);
    expect(tree.size).toBe(5000);
    expect(tree.lines(shut, 200)).toHaveLength(50);
    expect(tree.lines(open, 200)).toHaveLength(200);
  });
});

describe("hiding", () => {
  const tree = treeOf(WEB);

  it("hides a branch whole, and shows it again", () => {
    const hidden = toggled(new Set(["web.404", "signup"]), find(tree, "web"));
    expect([...hidden].toSorted()).toEqual(["signup", "web"]);
    expect([...toggled(hidden, find(tree, "web"))]).toEqual(["signup"]);
  });

  it("shows one topic of a hidden branch and keeps the others hidden", () => {
    const hidden = toggled(new Set(["web"]), find(tree, "web.api.put"));
    expect([...hidden].toSorted()).toEqual(["web.200", "web.404", "web.api.get"]);
  });
});

it("a topic is within those that its name begins with, part by part", () => {
  expect(["web", "web.api", "website", "we"].map((name) => isWithin(name, "web"))).toEqual([true, true, false, false]);
});

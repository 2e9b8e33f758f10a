import { describe, expect, it } from "vitest";
import { decode, type Frame, Kind } from "./frame.ts";
import { Ledger } from "./ledger.ts";
import { encode, row } from "./testing.ts";
import { TopicTable } from "./topics.ts";

function ledger(onCommitted?: (frame: Frame) => void) {
  const topics = new TopicTable();
  topics.name({ 3: "web", 9: "mail" });
  return new Ledger(topics, onCommitted);
}

const frame = (kind: Kind, ...counts: [topic: number, count: number][]) =>
  decode(
    encode(
      counts.map(([topic, count]) => row(topic, count)),
      { kind },
    ),
  );

describe("Ledger", () => {
  it("counts at marks, not before", () => {
    const account = ledger();
    account.receive(frame(Kind.live, [3, 2], [9, 5], [3, 1]));
    expect([account.located, account.cursor]).toEqual([0, null]);
    account.commit("a");
    expect([account.located, account.total(0), account.total(1), account.cursor]).toEqual([8, 3, 5, "a"]);
  });

  it("starts from the server's totals, and stays equal to them", () => {
    const account = ledger();
    account.open({ type: "subscribed", id: 1, cursor: "a", located: 100, topics: { 3: 70, 9: 30 } });
    account.receive(frame(Kind.live, [9, 1]));
    account.commit("b");
    expect([account.located, account.total(0), account.total(1)]).toEqual([101, 70, 31]);
  });

  it("forgets what came after the last mark when the connection is lost", () => {
    const account = ledger();
    account.receive(frame(Kind.live, [3, 1]));
    account.commit("a");
    account.receive(frame(Kind.live, [3, 10]));
    account.forgetWaiting();
    account.open({ type: "subscribed", id: 2, cursor: "a" });
    account.receive(frame(Kind.caughtUp, [3, 10], [9, 4]));
    account.commit("b");
    expect([account.located, account.total(0)]).toEqual([15, 11]);
  });

  it("counts old additions and what was caught up, never pictures or replays", () => {
    const account = ledger();
    for (const kind of Object.values(Kind)) account.receive(frame(kind, [3, 10 ** kind]));
    account.commit("a");
    expect(account.located).toBe(1 + 1000 + 10_000);
  });

  it("starts anew after a reset, whatever waited", () => {
    const account = ledger();
    account.receive(frame(Kind.live, [3, 5]));
    account.commit("a");
    account.receive(frame(Kind.live, [3, 5]));
    account.reset();
    expect([account.cursor, account.located]).toEqual([null, 5]); // The old total stands until the new one is told.
    account.open({ type: "subscribed", id: 3, cursor: "z", located: 2, topics: { 9: 2 } });
    account.commit("z");
    expect([account.located, account.total(0), account.total(1)]).toEqual([2, 0, 2]);
  });

  it("counts a topic that was never named, and sums beyond 32 bits", () => {
    const account = ledger();
    account.receive(frame(Kind.live, [77, 4_294_967_295], [77, 4_294_967_295]));
    account.commit("a");
    expect([account.located, account.total(2)]).toEqual([8_589_934_590, 8_589_934_590]);
  });

  it("keeps totals by name when a restarted server numbers topics anew", () => {
    const topics = new TopicTable();
    const account = new Ledger(topics);
    topics.name({ 1: "web", 2: "mail" });
    account.receive(frame(Kind.live, [1, 5], [2, 7]));
    account.commit("a");
    topics.forgetNumbers();
    topics.name({ 1: "mail", 2: "web" });
    account.receive(frame(Kind.live, [1, 100]));
    account.commit("b");
    expect(topics.names).toEqual(["web", "mail"]);
    expect([account.total(0), account.total(1)]).toEqual([5, 107]);
  });

  it("tells of committed frames, but not of additions to the past", () => {
    const told: Kind[] = [];
    const account = ledger(({ kind }) => told.push(kind));
    for (const kind of [Kind.live, Kind.old, Kind.caughtUp]) account.receive(frame(kind, [3, 1]));
    expect(told).toEqual([]);
    account.commit("a");
    expect(told).toEqual([Kind.live, Kind.caughtUp]);
  });

  it("holds more topics than it was made for", () => {
    const account = ledger();
    const numbers = Array.from({ length: 500 }, (_, i): [number, number] => [1000 + i, i + 1]);
    account.receive(frame(Kind.live, ...numbers));
    account.commit("a");
    expect(account.located).toBe((500 * 501) / 2);
    expect(account.total(2 + 499)).toBe(500);
  });
});

import { beforeEach, describe, expect, it } from "vitest";
import { ServerClock } from "../receive/clock.ts";
import { Kind } from "../receive/frame.ts";
import { encode, row, World } from "../receive/testing.ts";
import type { Tile } from "../receive/tiles.ts";
import { Feed } from "./feed.ts";
import type { News } from "./protocol.ts";

const T0 = 1_795_000_000_000;
type Step = Extract<News, { type: "step" }>;

let world: World;
let feed: Feed;
let clock: ServerClock;
let news: News[];
let given: readonly ArrayBuffer[][];

beforeEach(() => {
  world = new World();
  news = [];
  given = [];
  clock = new ServerClock();
  feed = new Feed(world, clock, null, (told, away = []) => {
    news.push(told);
    given = [...given, [...away]];
  });
  feed.obey({ type: "begin", token: null });
});

function accept(names: Record<number, string> = { 7: "web", 3: "mail.open" }): number {
  world.wire.onopen?.();
  world.wire.says({ type: "hello", protocol: 1, tick_ms: 250, now: T0, epoch: "e", started: T0 - 1000 });
  world.wire.says({ type: "topics", topics: names });
  const id = world.wire.subscribed.id as number;
  world.wire.says({ type: "subscribed", id, cursor: "c0", located: 10, topics: { 7: 10 } });
  return id;
}

const of = <Type extends News["type"]>(type: Type) =>
  news.filter((told): told is Extract<News, { type: Type }> => told.type === type);
const mark = (id: number, cursor: string, tick = T0) => world.wire.says({ type: "mark", id, cursor, tick });
const steps = () => of("step") as Step[];

describe("Feed", () => {
  it("tells of a step once it is complete, with topics by slot, and gives the columns away", () => {
    const id = accept();
    mark(id, "c0");
    world.wire.sends(encode([row(3, 5), row(7, 2)], { subscription: id, tick: T0 }));
    expect(steps()).toHaveLength(1);
    mark(id, "c1", T0);
    const { parts, replaces, account, middle } = steps()[1]!;
    expect(replaces).toBe(false);
    expect(parts).toHaveLength(1);
    const names = of("names").flatMap((told) => told.names);
    expect([...parts[0]!.frame.topic].map((slot) => names[slot])).toEqual(["mail.open", "web"]);
    expect(parts[0]!.sum).toBe(7);
    expect(parts[0]!.heat).toBe(1);
    expect(middle).toBe(T0 + 125);
    expect(account.located).toBe(17);
    expect(account.cursor).toBe("c1");
    expect(names.map((name, slot) => [name, account.totals[slot]])).toContainEqual(["web", 12]);
    expect(given.flat()).toContain(parts[0]!.frame.x.buffer);
  });

  it("forgets what an incomplete step would have drawn: it comes again", () => {
    const id = accept();
    mark(id, "c0");
    world.wire.sends(encode([row(7, 5)], { subscription: id }));
    world.wire.breaks();
    world.pass(2_000);
    accept();
    const again = world.wire.subscribed.id as number;
    mark(again, "c1");
    expect(steps().at(-1)!.parts).toHaveLength(0);
  });

  it("counts the rest of the world without drawing it", () => {
    const id = accept();
    mark(id, "c0");
    world.wire.sends(encode([row(7, 90)], { subscription: id, bits: 0 }));
    mark(id, "c1");
    const { parts, rest, account } = steps().at(-1)!;
    expect(parts).toHaveLength(0);
    expect(rest).toBe(90);
    expect(account.located).toBe(100);
  });

  it("asks for little and tells of nothing to draw while nobody sees the page, but counts on", () => {
    const id = accept();
    mark(id, "c0");
    clock.hold(T0 + 1000);
    feed.obey({ type: "shown", shown: false });
    expect(world.wire.subscribed).toMatchObject({ every: 4000, window: 0, since: "c0" });
    const hidden = world.wire.subscribed.id as number;
    world.wire.sends(encode([row(7, 40)], { subscription: hidden, kind: Kind.caughtUp }));
    mark(hidden, "c9");
    expect(steps().at(-1)).toMatchObject({ parts: [], account: { located: 50 } });
    expect(of("summary")).toHaveLength(1);
    feed.obey({ type: "shown", shown: true });
    expect(world.wire.subscribed).toMatchObject({ window: 10, since: "c9" });
    expect(world.wire.subscribed).not.toHaveProperty("every");
    const seen = world.wire.subscribed.id as number;
    const picture = { subscription: seen, kind: Kind.picture, tick: T0 + 55_000 };
    clock.hold(T0 + 61_000);
    world.wire.sends(encode([row(7, 40)], picture));
    mark(seen, "c9");
    expect(steps().at(-1)!.parts[0]!.heat, "it warms the ground, which cooled meanwhile").toBeGreaterThan(0);
  });

  it("asks for a topic and all below it, and for all again", () => {
    accept();
    feed.obey({ type: "solo", topic: "mail" });
    expect(world.wire.subscribed).toMatchObject({ topics: ["mail", "mail.>"], since: null });
    feed.obey({ type: "solo", topic: null });
    expect(world.wire.subscribed).toMatchObject({ topics: [">"] });
  });

  it("says what area a step is of, in the same news as what is counted", () => {
    const id = accept();
    mark(id, "c0");
    const area: Tile[] = [[3, 4, 2]];
    feed.obey({ type: "look", area });
    expect(world.wire.subscribed).toMatchObject({ tiles: area, rest: true, since: "c0" });
    mark(world.wire.subscribed.id as number, "c1");
    expect(steps().at(-1)).toMatchObject({ replaces: true, account: { area, cursor: "c1" } });
  });

  it("answers what happened around a place", () => {
    const id = accept();
    mark(id, "c0", T0);
    const berlin = { x: Math.floor((13.4 / 360 + 0.5) * 65_536), y: Math.floor(0.3276 * 65_536) };
    world.wire.sends(
      encode([row(7, 5, berlin.x, berlin.y), row(3, 1, 100, 100)], { subscription: id, tick: T0, kind: Kind.live }),
    );
    mark(id, "c1", T0);
    feed.obey({ type: "around", key: 4, lon: 13.4, lat: 52.5, degrees: 0.5 });
    const { key, around } = of("around")[0]!;
    expect(key).toBe(4);
    expect(around.count).toBe(5);
    expect(around.topics.map(({ name, count }) => [name, count])).toEqual([["web", 5]]);
    expect(around.seconds.at(-1)).toBe(5);
  });
});

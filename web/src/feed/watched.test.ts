import { expect, it } from "vitest";
import { decode, Kind } from "../receive/frame.ts";
import { encode, row } from "../receive/testing.ts";
import { worldOf } from "../receive/world.ts";
import { Watched } from "./watched.ts";

const T0 = 1_795_000_000_000;
/** A picture of one event each in Berlin and in Lima, half a second ago. */
function picture(now: number) {
  const rows = [worldOf(13.4, 52.5), worldOf(-77, -12)].map(([x, y], topic) =>
    row(topic, 1, Math.floor(x * 65_536), Math.floor(y * 65_536)),
  );
  return decode(encode(rows, { kind: Kind.picture, tick: now - 500, covers: 250 }));
}
/** How many times over Berlin (topic 0) and Lima (1) warm the ground. */
function heats(watched: Watched, now: number): number[] {
  const found: number[] = [];
  for (const { frame, heat } of watched.warming(picture(now), now))
    for (const topic of frame.topic) found[topic] = heat;
  return found;
}

it("a first picture stands for all that a map would remember", () => {
  const watched = new Watched();
  watched.look(null, T0);
  expect(heats(watched, T0)).toEqual([5, 5]);
});

it("what was watched all the time is not warmed again", () => {
  const watched = new Watched();
  watched.look(null, T0);
  watched.look([[5, 17, 10]], T0 + 60_000);
  expect(heats(watched, T0 + 60_000)).toEqual([0, 0]);
});

it("what was left is warmed by as much as was missed", () => {
  const watched = new Watched();
  watched.look(null, T0);
  watched.look([[10, 550, 335]], T0 + 60_000); // Berlin
  watched.look(null, T0 + 62_000);
  expect(heats(watched, T0 + 62_000)).toEqual([0, 1]);
  watched.look([[5, 17, 10]], T0 + 70_000);
  watched.look([[5, 9, 17]], T0 + 100_000); // Lima
  expect(heats(watched, T0 + 100_000)).toEqual([0, 2]);
  watched.look(null, T0 + 500_000);
  expect(heats(watched, T0 + 500_000)).toEqual([5, 0]);
});

it("rows keep their columns together when they are taken apart", () => {
  const watched = new Watched();
  watched.look(null, T0);
  watched.look([[5, 17, 10]], T0 + 60_000);
  watched.look(null, T0 + 90_000);
  const whole = picture(T0 + 90_000);
  const parts = watched.warming(whole, T0 + 90_000);
  expect(parts).toHaveLength(2);
  for (const { frame } of parts) {
    const at = frame.topic[0]!;
    expect([frame.n, frame.x[0], frame.y[0], frame.count[0], frame.tick]).toEqual([
      1,
      whole.x[at],
      whole.y[at],
      1,
      whole.tick,
    ]);
  }
});

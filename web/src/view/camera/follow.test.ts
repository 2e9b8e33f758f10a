import { expect, it } from "vitest";
import { Activity } from "./activity.ts";
import { Tour } from "./follow.ts";

function feed(counts: Record<string, number>): Activity {
  const activity = new Activity();
  for (const [place, n] of Object.entries(counts)) {
    const [lon, lat] = place.split(",").map(Number) as [number, number];
    for (let k = 0; k < n; k++) activity.add(lon, lat, 1);
  }
  return activity;
}

const stops = (tour: Tour, activity: Activity | null, n: number) =>
  Array.from({ length: n }, () => {
    const stop = tour.next(activity);
    return stop.at === "whole" ? "whole" : `${Math.round(stop.spot.lon)},${Math.round(stop.spot.lat)}`;
  });

it("goes from the whole to the busiest spots, and back", () => {
  const activity = feed({ "0,0": 9, "40,0": 8, "80,0": 7, "120,0": 6, "160,0": 5 });
  expect(stops(new Tour(), activity, 9)).toEqual([
    "whole",
    "0,0",
    "40,0",
    "80,0",
    "whole",
    "120,0",
    "160,0",
    "0,0",
    "whole",
  ]);
});

it("stays with the whole while nothing happens", () => {
  expect(stops(new Tour(), new Activity(), 3)).toEqual(["whole", "whole", "whole"]);
  expect(stops(new Tour(), null, 2)).toEqual(["whole", "whole"]);
});

it("does not go to where it is already, nor to what is next to nothing", () => {
  expect(stops(new Tour(), feed({ "0,0": 200, "90,0": 1 }), 4)).toEqual(["whole", "0,0", "whole", "whole"]);
});

it("begins anew after somebody had the camera", () => {
  const tour = new Tour();
  const activity = feed({ "0,0": 9, "40,0": 8, "80,0": 7 });
  stops(tour, activity, 2);
  tour.restart();
  expect(stops(tour, activity, 2)).toEqual(["whole", "40,0"]);
});

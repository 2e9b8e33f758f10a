import "./callbacks.ts";
import type { Contender, Spent } from "./contender.ts";
import { deck } from "./deck.ts";
import { setData, updateData } from "./geojson.ts";
import { nothing, ours } from "./ours.ts";
import { STEPS_SEEN, steps } from "./points.ts";

const CONTENDERS: Record<string, (container: HTMLElement) => Promise<Contender>> = {
  ours,
  updateData,
  setData,
  deck,
  nothing,
};
/** Updates before those that are measured, in which code is compiled and memory is allotted. */
const WARM = 8;

/** However long they take. */
const LEAST = 3;

declare global {
  interface Window {
    /** For the benchmark: ms of each of so many updates of a contender with n points, or of as many as fit into `most` ms. */
    measure(name: string, points: number, updates: number, most: number): Promise<Spent[]>;
  }
}

window.measure = async (name, points, updates, most) => {
  const contender = await CONTENDERS[name]!(document.getElementById("map")!);
  const source = steps(Math.round(points / STEPS_SEEN), Date.now());
  const next = () => source.next().value;
  contender.fill(Array.from({ length: STEPS_SEEN }, next));
  const update = async () => {
    const step = next();
    contender.settle();
    await rest();
    return await contender.update(step);
  };
  const start = performance.now();
  const isOver = () => performance.now() - start > most;
  for (let turn = 0; turn < WARM && !isOver(); turn++) await update();
  const spent: Spent[] = [];
  while (spent.length < updates && !(isOver() && spent.length >= LEAST)) spent.push(await update());
  return spent;
};

/** A task of its own for what is to be measured. */
function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 5));
}

document.documentElement.dataset.ready = "true";

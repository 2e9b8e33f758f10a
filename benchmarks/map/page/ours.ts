import { ServerClock } from "../../../web/src/receive/clock.ts";
import { LiveLayer } from "../../../web/src/view/live/layer.ts";
import { inCallbacks } from "./callbacks.ts";
import { type Contender, emptyMap, finish } from "./contender.ts";
import { STEP_MS, type Step, TOPICS } from "./points.ts";

const COLOURS = [
  [64, 200, 255],
  [255, 170, 60],
  [190, 120, 255],
] as const;

/** The page's own layer on a MapLibre map: all that it does from `draw` until the end of its part in the map's next picture. */
export async function ours(container: HTMLElement): Promise<Contender> {
  const clock = new ServerClock();
  const layer = new LiveLayer(clock);
  for (let topic = 0; topic < TOPICS; topic++) {
    const [red, green, blue] = COLOURS[topic]!;
    layer.colour(topic, red, green, blue, true);
  }
  const map = await emptyMap(container);
  let spent = 0;
  for (const part of ["prerender", "render"] as const) {
    const plain = layer[part] as (...given: unknown[]) => void;
    layer[part] = (...given: unknown[]) => {
      const start = performance.now();
      plain.apply(layer, given);
      spent += performance.now() - start;
    };
  }
  map.addLayer(layer);

  function take({ frame }: Step): void {
    clock.set(frame.tick + STEP_MS + 20);
    layer.draw([{ frame, sum: frame.n, heat: 1 }]);
  }
  return {
    fill(steps) {
      for (const step of steps) take(step);
    },
    async update(step) {
      const drawn = map.once("render");
      spent = 0;
      const before = inCallbacks();
      const start = performance.now();
      take(step);
      const taken = performance.now() - start;
      await drawn;
      const [own, whole] = [taken + spent, taken + inCallbacks() - before];
      spent = 0;
      finish(map.getCanvas());
      map.triggerRepaint();
      await map.once("render");
      return { own, whole, picture: spent };
    },
    settle: () => finish(map.getCanvas()),
  };
}

/** The same map without any points, drawn anew: what of the whole is the map's. */
export async function nothing(container: HTMLElement): Promise<Contender> {
  const map = await emptyMap(container);
  return {
    fill() {},
    async update() {
      const drawn = map.once("render");
      const before = inCallbacks();
      map.triggerRepaint();
      await drawn;
      return { own: 0, picture: 0, whole: inCallbacks() - before };
    },
    settle: () => finish(map.getCanvas()),
  };
}

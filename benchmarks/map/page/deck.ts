import { Deck, MapView } from "@deck.gl/core";
import { ScatterplotLayer } from "@deck.gl/layers";
import { type Contender, finish } from "./contender.ts";
import type { Step } from "./points.ts";

const COLOUR = [64, 200, 255, 255];

/**
 * deck.gl's ScatterplotLayer over binary attributes: the new points' way into the columns, setProps, and what deck does in its next
 * frame, in which it updates its layers and draws. It is asked for that frame right away.
 */
export async function deck(container: HTMLElement): Promise<Contender> {
  const canvas = container.appendChild(document.createElement("canvas"));
  const { width, height } = container.getBoundingClientRect();
  const shown = await new Promise<Deck<MapView>>((loaded) => {
    const made: Deck<MapView> = new Deck({
      canvas,
      width,
      height,
      useDevicePixels: 1,
      views: new MapView(),
      viewState: { longitude: 10, latitude: 20, zoom: 0.5 },
      onLoad: () => loaded(made),
    });
  });
  let places = new Float32Array();
  let colours = new Uint8Array();
  let next = 0;

  function take(step: Step): void {
    places.set(step.places, 2 * next);
    for (let row = 0; row < step.frame.n; row++) colours.set(COLOUR, 4 * (next + row));
    next = (next + step.frame.n) % (places.length / 2);
  }
  function show(): void {
    const attributes = {
      // Views of their own, without which deck would not see that there is something new.
      getPosition: { value: places.subarray(0), size: 2 },
      getFillColor: { value: colours.subarray(0), size: 4, normalized: true },
    };
    const data = { length: places.length / 2, attributes };
    shown.setProps({
      layers: [
        new ScatterplotLayer({ id: "points", data, radiusUnits: "pixels", getRadius: 2, positionFormat: "XY" }),
      ],
    });
    // biome-ignore lint/complexity/useLiteralKeys: it is what deck's animation loop calls, and private
    shown["_onRenderFrame"]();
  }
  return {
    fill(steps) {
      const all = [...steps];
      const n = all.reduce((sum, { frame }) => sum + frame.n, 0);
      [places, colours] = [new Float32Array(2 * n), new Uint8Array(4 * n)];
      for (const step of all) take(step);
      show();
    },
    async update(step) {
      const start = performance.now();
      take(step);
      show();
      const spent = performance.now() - start;
      return { own: spent, picture: 0, whole: spent };
    },
    settle: () => finish(canvas),
  };
}

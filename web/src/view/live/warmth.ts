import type { PointBuffers } from "./buffers.ts";
import type { Camera } from "./camera.ts";
import { HeatField } from "./heat.ts";
import type { PointRing } from "./ring.ts";
import { covers, NEAR_ZOOM, type Near, nearWindow, reachAt, type Window } from "./window.ts";

/** Sides of the fields, texels. */
const WORLD_SIDE = 1024;
const NEAR_SIDE = 512;
/** How far a point warms its surroundings on the map of the world: about two degrees at the equator. */
const WORLD_REACH = 6 / 1024;
/** What is on one side of the date line warms the other, too. */
const WORLD: Window = { x: -0.01, y: 0, width: 1.02, height: 1 };

/** How warm the ground is: everywhere, and in more detail where the map is zoomed in. */
export class Warmth {
  readonly world: HeatField;
  readonly #near: HeatField;
  #window: Near | null = null;

  constructor(gl: WebGL2RenderingContext) {
    this.world = new HeatField(gl, WORLD_SIDE);
    this.world.look(WORLD, WORLD_REACH);
    this.#near = new HeatField(gl, NEAR_SIDE);
  }

  /** That of the view; null where that of the world does. */
  get near(): HeatField | null {
    return this.#window && this.#near;
  }

  restart(): void {
    this.world.restart();
    this.#near.restart();
  }

  /** Follows the camera, fades, and takes in what is new. See HeatField. */
  update(
    camera: Camera,
    ring: PointRing,
    points: PointBuffers,
    colours: WebGLTexture,
    now: number,
    isHeld: boolean,
  ): void {
    this.#follow(camera);
    this.world.update(ring, points, colours, now, isHeld);
    if (this.#window) this.#near.update(ring, points, colours, now, isHeld);
  }

  isWarm(now: number): boolean {
    return this.world.isWarm(now);
  }

  delete(): void {
    this.world.delete();
    this.#near.delete();
  }

  #follow({ zoom, centreX, centreY, pixels }: Camera): void {
    if (zoom < NEAR_ZOOM) {
      this.#window = null;
      return;
    }
    if (this.#window && covers(this.#window, centreX, centreY, zoom, pixels)) return;
    this.#window = nearWindow(centreX, centreY, zoom, pixels);
    this.#near.look(this.#window, reachAt(this.#window.zoom));
  }
}

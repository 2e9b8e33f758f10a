import { eachStretch, type PointBuffers } from "./buffers.ts";
import { bindTexture, compile, createTarget, deleteTarget, type Program, type Target } from "./gl.ts";
import { MEMORY_S } from "./memory.ts";
import type { PointRing } from "./ring.ts";
import { clearFragment, heatFragment, heatVertex, screenVertex } from "./shaders.ts";

/** Side of the map of the world that heat is kept on. */
const SIDE = 1024;
/** How far a point warms its surroundings, in texels: about two degrees at the equator. */
const REACH = 6;
/** Half floats fade in steps; more often than this the steps would be too small to be kept. */
const FADE_EVERY_S = 0.25;

/** The whole heat that the brightest of the last minutes had falls to 1/e in this time, s. */
const LEVEL_MEMORY_S = 300;
/** Heat of a feed of 15 events a second: with less on the whole map, a single event shall not look like a crowd. */
const LEAST_LEVEL = 15 * MEMORY_S;
/** What heat a place must have to be called busy, as a part of all the heat there is. */
const BUSY = 1 / 1100;

/**
 * What one unit of heat is worth, so that the busiest places are lit alike on every feed. It goes by all the heat there is, or was
 * in the last minutes: when a feed falls silent, its map is to cool down and not to be turned up.
 */
export class Exposure {
  #heat = 0;
  #level = 0;
  #at = 0;

  /** Nothing was added yet. */
  get isDark(): boolean {
    return this.#level === 0;
  }

  /** So much heat (events) is added at this time, ms. */
  add(heat: number, now: number): void {
    this.#cool(now);
    this.#heat += heat;
    this.#level = Math.max(this.#level, this.#heat);
  }

  /** At this time, ms. */
  gain(now: number): number {
    this.#cool(now);
    return 1 / (BUSY * Math.max(LEAST_LEVEL, this.#level));
  }

  #cool(now: number): void {
    const elapsed = Math.max(0, now - this.#at) / 1000;
    this.#at = now;
    this.#heat *= Math.exp(-elapsed / MEMORY_S);
    this.#level *= Math.exp(-elapsed / LEVEL_MEMORY_S);
  }
}

/** Where it has been busy lately: each point warms its surroundings, and all of it fades. */
export class HeatField {
  readonly target: Target;
  readonly #gl: WebGL2RenderingContext;
  readonly #splat: Program;
  readonly #fade: Program;
  readonly #nothing: WebGLVertexArrayObject;
  #taken = 0;
  #fadedAt = 0;
  #warmedAt = Number.NEGATIVE_INFINITY;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.target = createTarget(gl, gl.R16F, SIDE, SIDE);
    this.#splat = compile(gl, heatVertex, heatFragment);
    this.#fade = compile(gl, screenVertex, clearFragment);
    this.#nothing = gl.createVertexArray();
  }

  /** Forgets everything and takes the ring in anew, as when a topic is hidden. */
  restart(ring: PointRing): void {
    const gl = this.#gl;
    this.#taken = ring.known();
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target.framebuffer);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /** Fades, and takes in what is new. `now` is in the ring's seconds. */
  update(ring: PointRing, points: PointBuffers, colours: WebGLTexture, now: number): void {
    const gl = this.#gl;
    const elapsed = now - this.#fadedAt;
    if (elapsed < FADE_EVERY_S && elapsed >= 0 && this.#taken === ring.head) return;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target.framebuffer);
    gl.viewport(0, 0, SIDE, SIDE);
    if (elapsed >= FADE_EVERY_S || elapsed < 0) this.#fadeBy(Math.exp(-Math.max(0, elapsed) / MEMORY_S), now);
    if (this.#taken < ring.head) this.#take(ring, points, colours, now);
  }

  /** Something may still glow. */
  isWarm(now: number): boolean {
    return now - this.#warmedAt < 4 * MEMORY_S;
  }

  delete(): void {
    deleteTarget(this.#gl, this.target);
    this.#gl.deleteProgram(this.#splat.program);
    this.#gl.deleteProgram(this.#fade.program);
    this.#gl.deleteVertexArray(this.#nothing);
  }

  #fadeBy(factor: number, now: number): void {
    const gl = this.#gl;
    gl.blendFunc(gl.ZERO, gl.CONSTANT_COLOR);
    gl.blendColor(factor, factor, factor, factor);
    gl.useProgram(this.#fade.program);
    gl.bindVertexArray(this.#nothing);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.#fadedAt = now;
  }

  #take(ring: PointRing, points: PointBuffers, colours: WebGLTexture, now: number): void {
    const gl = this.#gl;
    const splat = this.#splat;
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.useProgram(splat.program);
    bindTexture(gl, 0, points.table);
    bindTexture(gl, 1, colours);
    gl.uniform1i(splat.at("u_table"), 0);
    gl.uniform1i(splat.at("u_colours"), 1);
    gl.uniform1f(splat.at("u_now"), now);
    gl.uniform1f(splat.at("u_reach"), REACH);
    gl.uniform1f(splat.at("u_memory"), MEMORY_S);
    gl.bindVertexArray(points.array);
    eachStretch(ring.capacity, this.#taken, ring.head, (first, n) => gl.drawArrays(gl.POINTS, first, n));
    this.#taken = ring.head;
    this.#warmedAt = now;
  }
}

import { eachStretch, type PointBuffers } from "./buffers.ts";
import { bindTexture, compile, createTarget, deleteTarget, type Program, type Target } from "./gl.ts";
import { MEMORY_S } from "./memory.ts";
import { AHEAD_MS, type PointRing } from "./ring.ts";
import { clearFragment, heatFragment, heatVertex, screenVertex } from "./shaders.ts";
import { copiesIn, type Window } from "./window.ts";

/** Half floats fade in steps; more often than this the steps would be too small to be kept. */
const FADE_EVERY_S = 0.25;
/** Levels of detail: the coarser ones are wide soft glows. */
const LEVELS = 4;

/** Where it has been busy lately, in a part of the world: each point warms its surroundings, and all of it fades. */
export class HeatField {
  readonly target: Target;
  /** What of the world it shows. */
  readonly window: Window = { x: 0, y: 0, width: 1, height: 1 };
  readonly #gl: WebGL2RenderingContext;
  readonly #splat: Program;
  readonly #fade: Program;
  readonly #nothing: WebGLVertexArrayObject;
  readonly #copies: number[] = [];
  /** How far a point warms its surroundings, as a part of the world. */
  #reach = 0;
  #taken = 0;
  #fadedAt = 0;
  #warmedAt = Number.NEGATIVE_INFINITY;
  #isStale = true;

  constructor(gl: WebGL2RenderingContext, side: number) {
    this.#gl = gl;
    this.target = createTarget(gl, gl.R16F, side, side, LEVELS);
    this.#splat = compile(gl, heatVertex, heatFragment);
    this.#fade = compile(gl, screenVertex, clearFragment);
    this.#nothing = gl.createVertexArray();
  }

  /** Shows this part of the world from now on. */
  look(window: Window, reach: number): void {
    Object.assign(this.window, window);
    this.#reach = reach;
    copiesIn(window, this.#copies);
    this.#isStale = true;
  }

  /** Forgets everything and takes the ring in anew the next time, as when a topic is hidden. */
  restart(): void {
    this.#isStale = true;
  }

  /** Fades, and takes in what is new. `now` is in the ring's seconds; where it is held, what comes after it is left out. */
  update(ring: PointRing, points: PointBuffers, colours: WebGLTexture, now: number, isHeld: boolean): void {
    const gl = this.#gl;
    // Held, it is made anew as a whole, so that it doesn't matter in which order things came.
    const isFresh = this.#isStale || (isHeld && this.#taken < ring.head);
    const elapsed = now - this.#fadedAt;
    const isOld = elapsed >= FADE_EVERY_S || elapsed < 0;
    if (!isFresh && !isOld && this.#taken === ring.head) return;
    gl.bindFramebuffer(gl.FRAMEBUFFER, this.target.framebuffer);
    gl.viewport(0, 0, this.target.width, this.target.height);
    if (isFresh) this.#clear(ring.known(), now);
    else if (isOld) this.#fadeBy(Math.exp(-Math.max(0, elapsed) / MEMORY_S), now);
    if (this.#taken < ring.head) this.#take(ring, points, colours, now, isHeld);
    bindTexture(gl, 0, this.target.texture);
    gl.generateMipmap(gl.TEXTURE_2D);
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

  #clear(from: number, now: number): void {
    const gl = this.#gl;
    this.#isStale = false;
    this.#taken = from;
    this.#fadedAt = now;
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
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

  #take(ring: PointRing, points: PointBuffers, colours: WebGLTexture, now: number, isHeld: boolean): void {
    const gl = this.#gl;
    const splat = this.#splat;
    const { x, y, width, height } = this.window;
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.useProgram(splat.program);
    bindTexture(gl, 0, points.table);
    bindTexture(gl, 1, colours);
    gl.uniform1i(splat.at("u_table"), 0);
    gl.uniform1i(splat.at("u_colours"), 1);
    gl.uniform1f(splat.at("u_now"), now);
    gl.uniform1f(splat.at("u_earliest"), isHeld ? 0 : -AHEAD_MS);
    gl.uniform1f(splat.at("u_memory"), MEMORY_S);
    gl.uniform1f(splat.at("u_reach"), this.#reach / width);
    gl.uniform1f(splat.at("u_side"), this.target.width);
    gl.bindVertexArray(points.array);
    for (const copy of this.#copies) {
      gl.uniform4f(splat.at("u_window"), x - copy, y, width, height);
      eachStretch(ring.capacity, this.#taken, ring.head, (first, n) => gl.drawArrays(gl.POINTS, first, n));
    }
    this.#taken = ring.head;
    this.#warmedAt = now;
  }
}

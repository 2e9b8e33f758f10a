import type { Part } from "../../feed/protocol.ts";
import { lonLat } from "../../receive/world.ts";
import type { Home } from "../../state/settings.ts";
import { arcFragment, arcVertex } from "./arcshaders.ts";
import type { Camera } from "./camera.ts";
import { bindTexture, compile, type Program } from "./gl.ts";
import { isRough } from "./ring.ts";
import { MOST_ARCS, POINT_FLOATS, POINTS, writeRoute } from "./route.ts";

/** How long one runs and fades, ms. */
const LIFE_MS = 3400;
/** New ones of a step at the most: they are to come one by one. */
const MOST_NEW = 4;
/** A step's arcs set out over so many ms. */
const SPREAD_MS = 250;
/** Degrees: what happens at home needs no arc. */
const AT_HOME = 1;

const POINT_BYTES = POINT_FLOATS * 4;
const ARC_FLOATS = POINTS * POINT_FLOATS;

/** Arcs from some of what happens to one place. Nothing is kept of what happens while there is no such place. */
export class Arcs {
  home: Home | null = null;
  readonly #points = new Float32Array(MOST_ARCS * ARC_FLOATS);
  /** For each arc: when it sets out (server time, ms). */
  readonly #starts = new Float64Array(MOST_ARCS).fill(Number.NEGATIVE_INFINITY);
  readonly #topics = new Uint16Array(MOST_ARCS);
  /** For each arc: its age (s), and its topic. */
  readonly #ages = new Float32Array(MOST_ARCS * 2);
  #gpu: { gl: WebGL2RenderingContext; program: Program; array: WebGLVertexArrayObject; buffer: WebGLBuffer } | null =
    null;
  #changed = true;
  #lastEnds = Number.NEGATIVE_INFINITY;

  /** Takes a few of these rows. */
  offer(parts: readonly Part[], now: number): void {
    if (!this.home) return;
    for (let tries = 0; tries < MOST_NEW; tries++) {
      const part = parts[(Math.random() * parts.length) | 0];
      if (part && part.frame.n > 0 && !isRough(part.frame)) this.#begin(part, (Math.random() * part.frame.n) | 0, now);
    }
  }

  isAlive(now: number): boolean {
    return now < this.#lastEnds;
  }

  /** After the GPU was lost, or for the first time. */
  create(gl: WebGL2RenderingContext): void {
    const array = gl.createVertexArray();
    const buffer = gl.createBuffer();
    gl.bindVertexArray(array);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, this.#points, gl.DYNAMIC_DRAW);
    // Each stretch is an instance that sees its own point and the next.
    for (const location of [0, 1]) {
      gl.enableVertexAttribArray(location);
      gl.vertexAttribPointer(location, POINT_FLOATS, gl.FLOAT, false, POINT_BYTES, location * POINT_BYTES);
      gl.vertexAttribDivisor(location, 1);
    }
    gl.bindVertexArray(null);
    this.#gpu = { gl, program: compile(gl, arcVertex, arcFragment), array, buffer };
    this.#changed = false;
  }

  delete(): void {
    if (this.#gpu && !this.#gpu.gl.isContextLost()) {
      const { gl, program, array, buffer } = this.#gpu;
      gl.deleteProgram(program.program);
      gl.deleteVertexArray(array);
      gl.deleteBuffer(buffer);
    }
    this.#gpu = null;
  }

  /** Into the light that is bound, whose size is given; `ratio` is its pixels to a CSS pixel. */
  draw(
    camera: Camera,
    colours: WebGLTexture,
    now: number,
    width: number,
    height: number,
    ratio: number,
    still: boolean,
  ): void {
    if (!this.#gpu) return;
    const { gl, program, array, buffer } = this.#gpu;
    if (this.#changed) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, this.#points);
      this.#changed = false;
    }
    for (let i = 0; i < MOST_ARCS; i++) {
      this.#ages[2 * i] = (now - this.#starts[i]!) / 1000;
      this.#ages[2 * i + 1] = this.#topics[i]!;
    }
    gl.useProgram(program.program);
    bindTexture(gl, 1, colours);
    gl.uniform1i(program.at("u_colours"), 1);
    gl.uniform2fv(program.at("u_ages[0]"), this.#ages);
    gl.uniform1f(program.at("u_life"), LIFE_MS / 1000);
    gl.uniform2f(program.at("u_screen"), width, height);
    gl.uniform1f(program.at("u_ratio"), ratio);
    gl.uniform1f(program.at("u_still"), still ? 1 : 0);
    gl.blendFunc(gl.ONE, gl.ONE);
    gl.bindVertexArray(array);
    // Over the date line an arc belongs to two copies of the world.
    for (const copy of camera.copies) {
      camera.use(gl, program, copy);
      // The last point of all has no next one.
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, MOST_ARCS * POINTS - 1);
    }
  }

  #begin({ frame }: Part, row: number, now: number): void {
    const free = this.#starts.findIndex((start) => now - start >= LIFE_MS || start > now + 2 * SPREAD_MS);
    const home = this.home;
    if (free < 0 || !home) return;
    const from = lonLat(frame, row);
    if (Math.abs(from[0] - home.lon) < AT_HOME && Math.abs(from[1] - home.lat) < AT_HOME) return;
    if (!writeRoute(from, [home.lon, home.lat], this.#points, free * ARC_FLOATS)) return;
    this.#starts[free] = now + Math.random() * SPREAD_MS;
    this.#lastEnds = Math.max(this.#lastEnds, this.#starts[free]! + LIFE_MS);
    this.#topics[free] = frame.topic[row]!;
    this.#changed = true;
  }
}

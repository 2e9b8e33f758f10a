import type { CustomLayerInterface, Map as MapLibre } from "maplibre-gl";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import { bindTexture, compile, type Program, plainState } from "./gl.ts";
import type { HeatField } from "./heat.ts";
import type { LiveLayer } from "./layer.ts";
import { dotFragment, dotVertex, hazeFragment, hazeVertex } from "./shaders.ts";
import { NEAR_ZOOM, type Window } from "./window.ts";

/** Zooms between which the dots give way to the bare land. */
const FADE_FROM = 3.2;
const FADE_TO = 4.4;
/** From this zoom on the same heat is spread over more of the screen, and each step closer makes it so much less. */
const SPREADS_FROM = 1.5;
const LESS_PER_ZOOM = 0.72;
/** And from here on less of it comes together, since it reaches less far. */
const MORE_PER_ZOOM = 0.5;
/** Zooms between which glows that are wider than their heat give way to it, and lines of equal heat come. */
const WIDE_UNTIL = 1.8;
const WIDE_GONE = 4.2;
/** The haze is drawn on a sheet of so many squares each way: a globe bends it. */
const SHEET = 72;
const WORLD: Window = { x: 0, y: 0, width: 1, height: 1 };

interface Programs {
  haze: Program;
  dots: Program;
}

/** What the GPU holds. */
interface Gpu {
  buffers: WebGLBuffer[];
  dots: WebGLVertexArrayObject;
  sheet: WebGLVertexArrayObject;
  sheetCorners: number;
  programs: Programs;
}

/** The ground under the live events, lit by where it has been busy: the surface of the heat, and the land as a lattice of dots. */
export class GroundLayer implements CustomLayerInterface {
  readonly id = "ground";
  readonly type = "custom";
  readonly renderingMode = "2d";
  theme: Theme = "dark";
  /** Whether the land is drawn as dots: not over a base map that draws it itself. */
  dotted = true;
  readonly #live: LiveLayer;
  readonly #dots: Float32Array<ArrayBuffer>;
  readonly #ramp = new Float32Array(15);
  #gpu: Gpu | null = null;

  /** `dots` are pairs of world coordinates, 0 to 1. */
  constructor(live: LiveLayer, dots: Float32Array<ArrayBuffer>) {
    this.#live = live;
    this.#dots = dots;
  }

  onAdd(_: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    this.#gpu = createGpu(context as WebGL2RenderingContext, this.#dots);
  }

  onRemove(_: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gpu = this.#gpu;
    this.#gpu = null;
    if (gpu && !context.isContextLost()) deleteGpu(context as WebGL2RenderingContext, gpu);
  }

  render(context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    const [gpu, ground] = [this.#gpu, this.#live.ground];
    if (!gpu || !ground) return;
    const { zoom } = this.#live.camera;
    const colours = MAP_COLOURS[this.theme];
    for (let i = 0; i < 15; i++) this.#ramp[i] = colours.ramp[(i / 3) | 0]![i % 3]!;
    const spread = Math.min(NEAR_ZOOM, zoom) - SPREADS_FROM;
    const gain =
      this.#live.gain * 2 ** (MORE_PER_ZOOM * Math.max(0, zoom - NEAR_ZOOM) - LESS_PER_ZOOM * Math.max(0, spread));
    plainState(gl);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    if (this.#live.mode !== "points") this.#drawHaze(gl, gpu, ground.near ?? ground.world, gain, zoom);
    const shown = Math.min(1, (FADE_TO - zoom) / (FADE_TO - FADE_FROM));
    if (shown > 0 && this.dotted)
      this.#drawDots(gl, gpu, ground.world, this.#live.mode === "points" ? 0 : gain, zoom, shown);
    gl.bindVertexArray(null);
  }

  #drawHaze(gl: WebGL2RenderingContext, gpu: Gpu, field: HeatField, gain: number, zoom: number): void {
    const { haze } = gpu.programs;
    const { hazeAlpha, ember, ink } = MAP_COLOURS[this.theme];
    const isNear = field === this.#live.ground?.near;
    const sheet = isNear ? field.window : WORLD;
    const wide = Math.min(1, Math.max(0, (WIDE_GONE - zoom) / (WIDE_GONE - WIDE_UNTIL)));
    this.#use(gl, haze, field, gain, hazeAlpha);
    gl.uniform1f(haze.at("u_wide"), isNear ? 0 : wide);
    gl.uniform1f(haze.at("u_lines"), 1 - wide);
    gl.uniform3f(haze.at("u_ember"), ember[0], ember[1], ember[2]);
    gl.uniform1i(haze.at("u_ink"), ink ? 1 : 0);
    gl.uniform4f(haze.at("u_sheet"), sheet.x, sheet.y, sheet.width, sheet.height);
    gl.bindVertexArray(gpu.sheet);
    const { copies } = this.#live.camera;
    for (let i = 0; i < copies.length; i++) {
      // A sheet of the view's own is where the view is.
      if (isNear && i > 0) break;
      this.#live.camera.use(gl, haze, isNear ? 0 : copies[i]!);
      gl.drawElements(gl.TRIANGLES, gpu.sheetCorners, gl.UNSIGNED_SHORT, 0);
    }
  }

  #drawDots(gl: WebGL2RenderingContext, gpu: Gpu, field: HeatField, gain: number, zoom: number, shown: number): void {
    const { dots } = gpu.programs;
    const { camera } = this.#live;
    this.#use(gl, dots, field, gain, MAP_COLOURS[this.theme].dotAlpha * shown);
    // The globe is looked at from nearer by.
    const steps = zoom - 1.5 - 0.75 * camera.globe;
    const size = (2.3 + 0.3 * camera.globe) * 2 ** (steps * (steps < 0 ? 0.9 : 0.75));
    gl.uniform1f(dots.at("u_size"), camera.ratio * size);
    gl.bindVertexArray(gpu.dots);
    for (const copy of camera.copies) {
      camera.use(gl, dots, copy);
      gl.drawArrays(gl.POINTS, 0, this.#dots.length / 2);
    }
  }

  #use(gl: WebGL2RenderingContext, program: Program, field: HeatField, gain: number, alpha: number): void {
    const { x, y, width, height } = field.window;
    gl.useProgram(program.program);
    bindTexture(gl, 0, field.target.texture);
    gl.uniform4f(program.at("u_field"), x, y, width, height);
    gl.uniform3fv(program.at("u_ramp[0]"), this.#ramp);
    gl.uniform1i(program.at("u_heat"), 0);
    gl.uniform1f(program.at("u_gain"), gain);
    gl.uniform1f(program.at("u_alpha"), alpha);
  }
}

function createGpu(gl: WebGL2RenderingContext, dots: Float32Array<ArrayBuffer>): Gpu {
  const corners = new Float32Array((SHEET + 1) ** 2 * 2);
  const triangles = new Uint16Array(SHEET ** 2 * 6);
  for (let j = 0, corner = 0; j <= SHEET; j++) {
    for (let i = 0; i <= SHEET; i++, corner++) corners.set([i / SHEET, j / SHEET], 2 * corner);
  }
  for (let j = 0, square = 0; j < SHEET; j++) {
    for (let i = 0; i < SHEET; i++, square++) {
      const [a, b] = [j * (SHEET + 1) + i, (j + 1) * (SHEET + 1) + i];
      triangles.set([a, a + 1, b, a + 1, b + 1, b], 6 * square);
    }
  }
  const buffers: WebGLBuffer[] = [];
  const positions = (from: Float32Array<ArrayBuffer>) => {
    const array = gl.createVertexArray();
    gl.bindVertexArray(array);
    const buffer = gl.createBuffer();
    buffers.push(buffer);
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, from, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    return array;
  };
  const dotArray = positions(dots);
  const sheet = positions(corners);
  const order = gl.createBuffer();
  buffers.push(order);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, order);
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, triangles, gl.STATIC_DRAW);
  gl.bindVertexArray(null);
  const programs = { haze: compile(gl, hazeVertex, hazeFragment), dots: compile(gl, dotVertex, dotFragment) };
  return { buffers, dots: dotArray, sheet, sheetCorners: triangles.length, programs };
}

function deleteGpu(gl: WebGL2RenderingContext, gpu: Gpu): void {
  for (const buffer of gpu.buffers) gl.deleteBuffer(buffer);
  gl.deleteVertexArray(gpu.dots);
  gl.deleteVertexArray(gpu.sheet);
  gl.deleteProgram(gpu.programs.haze.program);
  gl.deleteProgram(gpu.programs.dots.program);
}

import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import { bindTexture, compile, type Program, plainState } from "./gl.ts";
import type { LiveLayer } from "./layer.ts";
import { dotFragment, dotVertex, hazeFragment, hazeVertex } from "./shaders.ts";

/** Zooms between which the dots give way to the bare land. */
const FADE_FROM = 3.2;
const FADE_TO = 4.2;
/** From this zoom on the same heat is spread over more of the screen, and each step closer makes it so much less. */
const WIDE_ZOOM = 1.5;
const LESS_PER_ZOOM = 0.95;
/** The haze is drawn on a sheet of so many squares each way: a globe bends it. */
const SHEET = 32;

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
  programs: Map<string, Programs>;
}

/** The ground under the live events, lit by where it has been busy: a haze, and the land as a lattice of dots. */
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
  #map: MapLibre | null = null;
  #gpu: Gpu | null = null;

  /** `dots` are pairs of world coordinates, 0 to 1. */
  constructor(live: LiveLayer, dots: Float32Array<ArrayBuffer>) {
    this.#live = live;
    this.#dots = dots;
  }

  onAdd(map: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    this.#map = map;
    this.#gpu = createGpu(context as WebGL2RenderingContext, this.#dots);
  }

  onRemove(_: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gpu = this.#gpu;
    this.#gpu = this.#map = null;
    if (gpu && !context.isContextLost()) deleteGpu(context as WebGL2RenderingContext, gpu);
  }

  render(context: WebGL2RenderingContext | WebGLRenderingContext, input: CustomRenderMethodInput): void {
    const gl = context as WebGL2RenderingContext;
    const [map, gpu, heat] = [this.#map, this.#gpu, this.#live.heat];
    if (!map || !gpu || !heat) return;
    const { zoom, ratio } = this.#live.camera;
    const colours = MAP_COLOURS[this.theme];
    const programs = programsOf(gl, gpu, input);
    for (let i = 0; i < 15; i++) this.#ramp[i] = colours.ramp[(i / 3) | 0]![i % 3]!;
    plainState(gl);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    bindTexture(gl, 0, heat);

    const gain = this.#live.gain * 2 ** (-LESS_PER_ZOOM * Math.max(0, zoom - WIDE_ZOOM));
    this.#use(gl, programs.haze, gain, colours.hazeAlpha);
    gl.bindVertexArray(gpu.sheet);
    for (const copy of this.#live.camera.copies) {
      this.#live.camera.use(gl, programs.haze, input, copy);
      gl.drawElements(gl.TRIANGLES, gpu.sheetCorners, gl.UNSIGNED_SHORT, 0);
    }

    const shown = Math.min(1, (FADE_TO - zoom) / (FADE_TO - FADE_FROM));
    if (shown > 0 && this.dotted) {
      this.#use(gl, programs.dots, gain, colours.dotAlpha * shown);
      gl.uniform1f(programs.dots.at("u_size"), ratio * 2.3 * 2 ** ((zoom - 1.5) * (zoom < 1.5 ? 1 : 0.75)));
      gl.bindVertexArray(gpu.dots);
      for (const copy of this.#live.camera.copies) {
        this.#live.camera.use(gl, programs.dots, input, copy);
        gl.drawArrays(gl.POINTS, 0, this.#dots.length / 2);
      }
    }
    gl.bindVertexArray(null);
  }

  #use(gl: WebGL2RenderingContext, program: Program, gain: number, alpha: number): void {
    gl.useProgram(program.program);
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
  return { buffers, dots: dotArray, sheet, sheetCorners: triangles.length, programs: new Map() };
}

function programsOf(gl: WebGL2RenderingContext, gpu: Gpu, { shaderData }: CustomRenderMethodInput): Programs {
  const known = gpu.programs.get(shaderData.variantName);
  if (known) return known;
  const made = {
    haze: compile(gl, hazeVertex(shaderData), hazeFragment),
    dots: compile(gl, dotVertex(shaderData), dotFragment),
  };
  gpu.programs.set(shaderData.variantName, made);
  return made;
}

function deleteGpu(gl: WebGL2RenderingContext, gpu: Gpu): void {
  for (const buffer of gpu.buffers) gl.deleteBuffer(buffer);
  gl.deleteVertexArray(gpu.dots);
  gl.deleteVertexArray(gpu.sheet);
  for (const { haze, dots } of gpu.programs.values()) {
    gl.deleteProgram(haze.program);
    gl.deleteProgram(dots.program);
  }
}

import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import { bindTexture, compile, type Program, plainState } from "./gl.ts";
import type { LiveLayer } from "./layer.ts";
import { dotFragment, dotVertex } from "./shaders.ts";

/** Zooms between which the dots give way to the bare land. */
const FADE_FROM = 3.2;
const FADE_TO = 4.6;

/** The land as a lattice of dots, each lit by the heat under it. */
export class DotsLayer implements CustomLayerInterface {
  readonly id = "dots";
  readonly type = "custom";
  readonly renderingMode = "2d";
  theme: Theme = "dark";
  /** What one unit of heat is worth: less where much happens, so that the busiest places are lit alike on every feed. */
  gain = 1;
  readonly #live: LiveLayer;
  readonly #dots: Float32Array<ArrayBuffer>;
  readonly #programs = new Map<string, Program>();
  readonly #ramp = new Float32Array(15);
  #map: MapLibre | null = null;
  #array: WebGLVertexArrayObject | null = null;
  #buffer: WebGLBuffer | null = null;

  /** `dots` are pairs of world coordinates, 0 to 1. */
  constructor(live: LiveLayer, dots: Float32Array<ArrayBuffer>) {
    this.#live = live;
    this.#dots = dots;
  }

  onAdd(map: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    this.#map = map;
    this.#programs.clear();
    this.#array = gl.createVertexArray();
    this.#buffer = gl.createBuffer();
    gl.bindVertexArray(this.#array);
    gl.bindBuffer(gl.ARRAY_BUFFER, this.#buffer);
    gl.bufferData(gl.ARRAY_BUFFER, this.#dots, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(0);
    gl.vertexAttribPointer(0, 2, gl.FLOAT, false, 0, 0);
    gl.bindVertexArray(null);
  }

  onRemove(_: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    gl.deleteVertexArray(this.#array);
    gl.deleteBuffer(this.#buffer);
    for (const { program } of this.#programs.values()) gl.deleteProgram(program);
    this.#programs.clear();
    this.#map = this.#array = this.#buffer = null;
  }

  render(context: WebGL2RenderingContext | WebGLRenderingContext, input: CustomRenderMethodInput): void {
    const gl = context as WebGL2RenderingContext;
    const [map, heat] = [this.#map, this.#live.heat];
    if (!map || !heat) return;
    const camera = this.#live.camera;
    const { zoom } = camera;
    const shown = Math.min(1, Math.max(0, (FADE_TO - zoom) / (FADE_TO - FADE_FROM)));
    if (shown === 0) return;
    const colours = MAP_COLOURS[this.theme];
    const program = this.#program(gl, input);
    plainState(gl);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(program.program);
    bindTexture(gl, 0, heat);
    for (let i = 0; i < 15; i++) this.#ramp[i] = colours.ramp[(i / 3) | 0]![i % 3]!;
    gl.uniform3fv(program.at("u_ramp[0]"), this.#ramp);
    gl.uniform1i(program.at("u_heat"), 0);
    gl.uniform1f(program.at("u_gain"), this.gain);
    gl.uniform1f(program.at("u_alpha"), colours.dotAlpha * shown);
    gl.uniform1f(program.at("u_size"), camera.ratio * 2.3 * 2 ** (Math.max(0, zoom - 1.5) * 0.75));
    gl.bindVertexArray(this.#array);
    for (const copy of camera.copies) {
      camera.use(gl, program, input, copy);
      gl.drawArrays(gl.POINTS, 0, this.#dots.length / 2);
    }
    gl.bindVertexArray(null);
  }

  #program(gl: WebGL2RenderingContext, { shaderData }: CustomRenderMethodInput): Program {
    const known = this.#programs.get(shaderData.variantName);
    if (known) return known;
    const made = compile(gl, dotVertex(shaderData), dotFragment);
    this.#programs.set(shaderData.variantName, made);
    return made;
  }
}

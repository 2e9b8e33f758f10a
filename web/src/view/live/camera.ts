import type { CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { worldOf } from "../../receive/world.ts";
import type { Program } from "./gl.ts";

/**
 * Where things are on the screen, on the flat map, on the globe and on the way from one to the other.
 *
 * A position is taken relative to the middle of the view before it meets a matrix, and the matrices are moved there in 64 bits: tiles
 * begin at exact 32-bit numbers, so nothing is lost on the way, at any zoom. (A plain 32-bit position in the world is good to 2.4 m
 * only, and many GPUs' sines to much less; small angles stay good.) MapLibre's `projectTile` does neither.
 */
export const PLACE = `
uniform highp mat4 u_flat;    // of the flat map, from the middle of the view
uniform highp mat4 u_round;   // of the globe, turned so that the middle of the view is on its meridian
uniform highp vec4 u_centre;  // coarse part, fine part
uniform highp vec3 u_globe;   // how much of a globe it is, exp of the middle's latitude in Mercator's units, 1 / what the nearest point has above the horizon
uniform highp vec4 u_horizon; // plane that parts what is seen of the globe from what is not
const highp float TURN = 6.283185307179586;

highp vec2 fromMiddle(highp vec2 origin, highp vec2 inside) { return (origin - u_centre.xy) + (inside - u_centre.zw); }
highp vec3 onSphere(highp vec2 d) {
  highp float t = u_globe.y * exp(-TURN * d.y), square = t * t;
  highp float level = 2.0 * t / (square + 1.0);
  return vec3(sin(TURN * d.x) * level, (square - 1.0) / (square + 1.0), cos(TURN * d.x) * level);
}
vec4 placed(highp vec2 d, float lift) {
  vec4 at = vec4(0.0);
  if (u_globe.x < 1.0) at = u_flat * vec4(d, 0.0, 1.0);
  if (u_globe.x > 0.0) at = mix(at, u_round * vec4(onSphere(d) * (1.0 + lift), 1.0), u_globe.x);
  return vec4(at.xy, 0.0, at.w);
}
vec4 place(highp vec2 origin, highp vec2 inside) { return placed(fromMiddle(origin, inside), 0.0); }
/** 1 in the middle of the globe's face, 0 on its rim, less behind; 1 on the flat map. */
float above(highp vec3 sphere) {
  // While the globe unrolls, its far side is not to shine through until it has nearly come to the front.
  return mix(1.0, (dot(sphere, u_horizon.xyz) + u_horizon.w) * u_globe.z, smoothstep(0.0, 0.4, u_globe.x));
}
float above(highp vec2 origin, highp vec2 inside) {
  return u_globe.x > 0.0 ? above(onSphere(fromMiddle(origin, inside))) : 1.0;
}
`;

/** Up to which copy of the world is looked for; a zoomed-out map shows three. */
const COPIES = [-1, 0, 1] as const;
const COARSE = 2 ** 16;
const TURN = 2 * Math.PI;

export class Camera {
  /** Device pixels to a CSS pixel. */
  ratio = 1;
  zoom = 0;
  /** 0 on the flat map, 1 on the globe, between them while one becomes the other. */
  globe = 0;
  /** What is left of lengths in Mercator's units at the middle of the view: the cosine of its latitude. */
  level = 1;
  /** Longer side of a square around the middle of the view that holds all of it, CSS pixels; padding puts the middle aside. */
  pixels = 0;
  /** Copies of the world that can be seen. */
  readonly copies: number[] = [];
  /** Middle of the view, as a part of the world. */
  centreX = 0.5;
  centreY = 0.5;
  /** From the unit sphere to the screen; undefined on the flat map. */
  readonly sphere = new Float64Array(16);
  readonly #flat = new Float32Array(16);
  readonly #round = new Float32Array(16);
  readonly #centre = new Float32Array(4);
  readonly #globe = new Float32Array(3);
  readonly #horizon = new Float32Array(4);

  /** Looks where the map looks now. */
  look(map: MapLibre, gl: WebGL2RenderingContext, { defaultProjectionData: data }: CustomRenderMethodInput): void {
    const { lng, lat } = map.getCenter();
    this.ratio = gl.drawingBufferWidth / map.getCanvas().clientWidth;
    this.zoom = map.getZoom();
    this.level = Math.cos((lat * Math.PI) / 180);
    this.globe = data.projectionTransition;
    [this.centreX, this.centreY] = worldOf(lng, lat);
    this.#lookFlat(this.globe > 0 ? data.fallbackMatrix : data.mainMatrix);
    if (this.globe > 0) this.#lookRound(data.mainMatrix, data.clippingPlane);
    this.#globe[0] = this.globe;
    this.#globe[1] = Math.exp(TURN * (0.5 - this.centreY));
    this.pixels = this.#reach(gl);
    this.#findCopies(map, gl);
  }

  /** Sets the uniforms of a program that places things, for one copy of the world. */
  use(gl: WebGL2RenderingContext, program: Program, copy: number): void {
    const x = this.centreX - copy;
    this.#centre[0] = Math.round(x * COARSE) / COARSE;
    this.#centre[1] = Math.round(this.centreY * COARSE) / COARSE;
    this.#centre[2] = x - this.#centre[0]!;
    this.#centre[3] = this.centreY - this.#centre[1]!;
    gl.uniform4fv(program.at("u_centre"), this.#centre);
    gl.uniformMatrix4fv(program.at("u_flat"), false, this.#flat);
    gl.uniformMatrix4fv(program.at("u_round"), false, this.#round);
    gl.uniform3fv(program.at("u_globe"), this.#globe);
    gl.uniform4fv(program.at("u_horizon"), this.#horizon);
  }

  /** matrix * translation to the middle of the view, in 64 bits, then kept in 32. */
  #lookFlat(matrix: ArrayLike<number>): void {
    const [x, y] = [this.centreX, this.centreY];
    for (let i = 0; i < 12; i++) this.#flat[i] = matrix[i]!;
    for (let i = 12; i < 16; i++) this.#flat[i] = matrix[i - 12]! * x + matrix[i - 8]! * y + matrix[i]!;
  }

  /** matrix * turn by the middle's longitude, likewise. */
  #lookRound(matrix: ArrayLike<number>, plane: ArrayLike<number>): void {
    const angle = TURN * (this.centreX - 0.5);
    const [sin, cos] = [Math.sin(angle), Math.cos(angle)];
    for (let i = 0; i < 16; i++) this.sphere[i] = matrix[i]!;
    for (let i = 0; i < 4; i++) {
      this.#round[i] = matrix[i]! * cos - matrix[i + 8]! * sin;
      this.#round[i + 4] = matrix[i + 4]!;
      this.#round[i + 8] = matrix[i]! * sin + matrix[i + 8]! * cos;
      this.#round[i + 12] = matrix[i + 12]!;
    }
    this.#horizon[0] = plane[0]! * cos - plane[2]! * sin;
    this.#horizon[1] = plane[1]!;
    this.#horizon[2] = plane[0]! * sin + plane[2]! * cos;
    this.#horizon[3] = plane[3]!;
    // Close to the ground the whole face is hardly above the plane of the horizon.
    this.#globe[2] = 1 / Math.max(1e-6, 1 + plane[3]!);
  }

  #reach(gl: WebGL2RenderingContext): number {
    const w = this.#flat[15]!;
    const across = gl.drawingBufferWidth * (1 + Math.abs(this.#flat[12]! / w));
    const down = gl.drawingBufferHeight * (1 + Math.abs(this.#flat[13]! / w));
    return Math.max(across, down) / this.ratio;
  }

  #findCopies(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.copies.length = 0;
    if (this.globe > 0 || !map.getRenderWorldCopies()) {
      this.copies.push(0);
      return;
    }
    // Half the diagonal in worlds, and half again for padding; a tilted map sees further than can be said simply.
    const diagonal = Math.hypot(gl.drawingBufferWidth, gl.drawingBufferHeight) / this.ratio;
    const reach = map.getPitch() > 0 ? 2 : (0.75 * diagonal) / (512 * 2 ** this.zoom);
    for (const copy of COPIES) {
      if (this.centreX + reach > copy && this.centreX - reach < copy + 1) this.copies.push(copy);
    }
  }
}

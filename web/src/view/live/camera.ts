import type { CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import { worldOf } from "../../receive/world.ts";
import type { Program } from "./gl.ts";

/**
 * Where things are on the screen.
 *
 * On the flat map a position is taken relative to the middle of the view before it meets the matrix, which is moved there in
 * 64 bits: tiles begin at exact 32-bit numbers, so nothing is lost on the way, at any zoom. (A plain 32-bit position in the
 * world is good to 2.4 m only.) Other projections place it with MapLibre's own `projectTile`.
 */
export const PLACE = `
#ifdef PROJECTION_MERCATOR
uniform highp mat4 u_centred;
uniform highp vec4 u_centre; // coarse part, fine part
vec4 place(highp vec2 origin, highp vec2 inside) {
  return u_centred * vec4((origin - u_centre.xy) + (inside - u_centre.zw), 0.0, 1.0);
}
#else
uniform vec2 u_copy;
vec4 place(highp vec2 origin, highp vec2 inside) { return projectTile(origin + inside + u_copy); }
#endif
`;

/** Up to which copy of the world is looked for; a zoomed-out map shows three. */
const COPIES = [-1, 0, 1] as const;
const COARSE = 2 ** 16;

export class Camera {
  /** Device pixels to a CSS pixel. */
  ratio = 1;
  zoom = 0;
  /** Copies of the world that can be seen. */
  readonly copies: number[] = [];
  readonly #centred = new Float32Array(16);
  readonly #centre = new Float32Array(4);
  #centreX = 0.5;
  #centreY = 0.5;

  /** Looks where the map looks now. */
  look(map: MapLibre, gl: WebGL2RenderingContext, input: CustomRenderMethodInput): void {
    const { lng, lat } = map.getCenter();
    this.ratio = gl.drawingBufferWidth / map.getCanvas().clientWidth;
    this.zoom = map.getZoom();
    [this.#centreX, this.#centreY] = worldOf(lng, lat);
    this.#centreMatrix(input.defaultProjectionData.mainMatrix);
    this.#findCopies(map, gl);
  }

  /** Sets the uniforms of a program that places things, for one copy of the world. */
  use(gl: WebGL2RenderingContext, program: Program, input: CustomRenderMethodInput, copy: number): void {
    const data = input.defaultProjectionData;
    const x = this.#centreX - copy;
    this.#centre[0] = Math.round(x * COARSE) / COARSE;
    this.#centre[1] = Math.round(this.#centreY * COARSE) / COARSE;
    this.#centre[2] = x - this.#centre[0]!;
    this.#centre[3] = this.#centreY - this.#centre[1]!;
    gl.uniform4fv(program.at("u_centre"), this.#centre);
    gl.uniformMatrix4fv(program.at("u_centred"), false, this.#centred);
    if (program.at("u_projection_matrix") === null) return;
    gl.uniform2f(program.at("u_copy"), copy, 0);
    gl.uniformMatrix4fv(program.at("u_projection_matrix"), false, data.mainMatrix);
    gl.uniformMatrix4fv(program.at("u_projection_fallback_matrix"), false, data.fallbackMatrix);
    gl.uniform4fv(program.at("u_projection_tile_mercator_coords"), data.tileMercatorCoords);
    gl.uniform4fv(program.at("u_projection_clipping_plane"), data.clippingPlane);
    gl.uniform1f(program.at("u_projection_transition"), data.projectionTransition);
  }

  /** matrix * translation to the middle of the view, in 64 bits, then kept in 32. */
  #centreMatrix(matrix: ArrayLike<number>): void {
    const [x, y] = [this.#centreX, this.#centreY];
    for (let i = 0; i < 12; i++) this.#centred[i] = matrix[i]!;
    for (let i = 12; i < 16; i++) this.#centred[i] = matrix[i - 12]! * x + matrix[i - 8]! * y + matrix[i]!;
  }

  #findCopies(map: MapLibre, gl: WebGL2RenderingContext): void {
    this.copies.length = 0;
    if (!map.getRenderWorldCopies()) {
      this.copies.push(0);
      return;
    }
    // Half the diagonal in worlds, and half again for padding; a tilted map sees further than can be said simply.
    const diagonal = Math.hypot(gl.drawingBufferWidth, gl.drawingBufferHeight) / this.ratio;
    const reach = map.getPitch() > 0 ? 2 : (0.75 * diagonal) / (512 * 2 ** this.zoom);
    for (const copy of COPIES) {
      if (this.#centreX + reach > copy && this.#centreX - reach < copy + 1) this.copies.push(copy);
    }
  }
}

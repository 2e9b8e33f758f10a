import { setSampling } from "./gl.ts";
import { FRAME_ROWS, type PointRing, ROW_FLOATS } from "./ring.ts";

/** Attribute locations, the same in every program that draws points. */
export const ATTRIBUTES = `
layout(location=0) in float a_x;
layout(location=1) in float a_y;
layout(location=2) in uint a_topic;
layout(location=3) in uint a_count;
layout(location=4) in uint a_row;
`;

/** A point ring's copy on the GPU: one buffer a column and a texture for the table of frames. */
export class PointBuffers {
  /** Drawn as points, or as one instance a point. */
  readonly array: WebGLVertexArrayObject;
  readonly table: WebGLTexture;
  /** Points before this number are on the GPU. */
  uploaded = 0;
  readonly #gl: WebGL2RenderingContext;
  readonly #ring: PointRing;
  readonly #columns: readonly { buffer: WebGLBuffer; from: Uint16Array<ArrayBuffer> | Uint32Array<ArrayBuffer> }[];
  #tableVersion = -1;

  constructor(gl: WebGL2RenderingContext, ring: PointRing, asInstances: boolean) {
    this.#gl = gl;
    this.#ring = ring;
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    this.#columns = [ring.x, ring.y, ring.topic, ring.count, ring.row].map((from, location) => {
      const buffer = gl.createBuffer();
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      gl.bufferData(gl.ARRAY_BUFFER, from, gl.DYNAMIC_DRAW);
      const type = from instanceof Uint32Array ? gl.UNSIGNED_INT : gl.UNSIGNED_SHORT;
      gl.enableVertexAttribArray(location);
      if (location < 2) gl.vertexAttribPointer(location, 1, type, false, 0, 0);
      else gl.vertexAttribIPointer(location, 1, type, 0, 0);
      if (asInstances) gl.vertexAttribDivisor(location, 1);
      return { buffer, from };
    });
    gl.bindVertexArray(null);
    this.uploaded = ring.head;

    this.table = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.table);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA32F, ROW_FLOATS / 4, FRAME_ROWS);
    setSampling(gl, gl.NEAREST);
  }

  /** Brings over what is new in the ring. */
  upload(): void {
    const gl = this.#gl;
    if (this.#tableVersion !== this.#ring.tableVersion) {
      this.#tableVersion = this.#ring.tableVersion;
      gl.activeTexture(gl.TEXTURE0);
      gl.bindTexture(gl.TEXTURE_2D, this.table);
      resetUnpacking(gl);
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, ROW_FLOATS / 4, FRAME_ROWS, gl.RGBA, gl.FLOAT, this.#ring.table);
    }
    if (this.uploaded === this.#ring.head) return;
    for (const { buffer, from } of this.#columns) {
      gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
      eachStretch(this.#ring.capacity, this.uploaded, this.#ring.head, (first, n) => {
        gl.bufferSubData(gl.ARRAY_BUFFER, first * from.BYTES_PER_ELEMENT, from, first, n);
      });
    }
    this.uploaded = this.#ring.head;
  }

  delete(): void {
    const gl = this.#gl;
    for (const { buffer } of this.#columns) gl.deleteBuffer(buffer);
    gl.deleteVertexArray(this.array);
    gl.deleteTexture(this.table);
  }
}

/** Points number `from` up to `to` as at most two stretches of the ring. */
export function eachStretch(
  capacity: number,
  from: number,
  to: number,
  visit: (first: number, n: number) => void,
): void {
  const n = Math.min(to - from, capacity);
  if (n <= 0) return;
  const first = (to - n) % capacity;
  const untilEnd = Math.min(n, capacity - first);
  visit(first, untilEnd);
  if (n > untilEnd) visit(0, n - untilEnd);
}

/** MapLibre leaves its own ways of unpacking pixels behind. */
export function resetUnpacking(gl: WebGL2RenderingContext): void {
  gl.pixelStorei(gl.UNPACK_FLIP_Y_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
}

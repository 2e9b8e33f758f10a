import { bindTexture, compile, createTarget, deleteTarget, type Program, type Target } from "./gl.ts";
import { blurFragment, developFragment, screenVertex, shrinkFragment } from "./shaders.ts";

/** More pixels than this are drawn at less than full size and stretched: light is soft anyway. */
const MOST_PIXELS = 3_000_000;
/** The same on a machine that draws slowly. */
const MOST_PIXELS_SLOW = 400_000;
/** The bloom is a quarter of the picture in each direction. */
const BLOOM_SHIFT = 2;
/** How far the two rounds of blurring reach, in the bloom's pixels to a tap. */
const REACHES = [1, 2] as const;

/** Where light is gathered without a bound, then blurred into a bloom and developed onto the screen. */
export class Darkroom {
  readonly #gl: WebGL2RenderingContext;
  readonly #shrink: Program;
  readonly #blur: Program;
  readonly #develop: Program;
  readonly #nothing: WebGLVertexArrayObject;
  isSlow = false;
  #light: Target | null = null;
  #bloom: [Target, Target] | null = null;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#shrink = compile(gl, screenVertex, shrinkFragment);
    this.#blur = compile(gl, screenVertex, blurFragment);
    this.#develop = compile(gl, screenVertex, developFragment);
    this.#nothing = gl.createVertexArray();
  }

  /** Pixels of the gathered light to a device pixel. */
  get scale(): number {
    const most = this.isSlow ? MOST_PIXELS_SLOW : MOST_PIXELS;
    return Math.min(1, Math.sqrt(most / (this.#gl.drawingBufferWidth * this.#gl.drawingBufferHeight)));
  }

  /** What is drawn next goes into the (empty) light. */
  expose(): Target {
    const gl = this.#gl;
    const width = Math.max(8, Math.round(gl.drawingBufferWidth * this.scale));
    const height = Math.max(8, Math.round(gl.drawingBufferHeight * this.scale));
    if (this.#light?.width !== width || this.#light.height !== height) this.#resize(width, height);
    const light = this.#light!;
    gl.bindFramebuffer(gl.FRAMEBUFFER, light.framebuffer);
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    return light;
  }

  /** Spreads the light: a quarter of the picture, twice blurred each way, the second time wider. */
  bloom(): void {
    const gl = this.#gl;
    const [a, b] = this.#bloom!;
    gl.disable(gl.BLEND);
    gl.bindVertexArray(this.#nothing);
    const light = this.#light!;
    gl.useProgram(this.#shrink.program);
    gl.uniform1i(this.#shrink.at("u_light"), 0);
    gl.uniform2f(this.#shrink.at("u_step"), 1 / light.width, 1 / light.height);
    this.#pass(light, b);
    gl.useProgram(this.#blur.program);
    gl.uniform1i(this.#blur.at("u_light"), 0);
    for (const reach of REACHES) {
      gl.uniform2f(this.#blur.at("u_step"), reach / a.width, 0);
      this.#pass(b, a);
      gl.uniform2f(this.#blur.at("u_step"), 0, reach / a.height);
      this.#pass(a, b);
    }
    gl.enable(gl.BLEND);
  }

  /** Puts the picture on what is bound. */
  develop(ink: boolean): void {
    const gl = this.#gl;
    if (!this.#light || !this.#bloom) return;
    gl.useProgram(this.#develop.program);
    bindTexture(gl, 1, this.#bloom[1].texture);
    bindTexture(gl, 0, this.#light.texture);
    gl.uniform1i(this.#develop.at("u_light"), 0);
    gl.uniform1i(this.#develop.at("u_bloom"), 1);
    gl.uniform1i(this.#develop.at("u_ink"), ink ? 1 : 0);
    // Beside the globe there is only the page behind: light adds to it, ink covers it, too.
    if (ink) gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    else gl.blendFuncSeparate(gl.ONE, gl.ONE_MINUS_SRC_COLOR, gl.ZERO, gl.ONE);
    gl.bindVertexArray(this.#nothing);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.bindVertexArray(null);
  }

  delete(): void {
    this.#free();
    this.#gl.deleteProgram(this.#shrink.program);
    this.#gl.deleteProgram(this.#blur.program);
    this.#gl.deleteProgram(this.#develop.program);
    this.#gl.deleteVertexArray(this.#nothing);
  }

  #pass(from: Target, to: Target): void {
    const gl = this.#gl;
    gl.bindFramebuffer(gl.FRAMEBUFFER, to.framebuffer);
    gl.viewport(0, 0, to.width, to.height);
    bindTexture(gl, 0, from.texture);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  #resize(width: number, height: number): void {
    const gl = this.#gl;
    this.#free();
    this.#light = createTarget(gl, gl.RGBA16F, width, height);
    const small = () => createTarget(gl, gl.RGBA16F, width >> BLOOM_SHIFT, height >> BLOOM_SHIFT);
    this.#bloom = [small(), small()];
  }

  #free(): void {
    if (this.#light) deleteTarget(this.#gl, this.#light);
    for (const target of this.#bloom ?? []) deleteTarget(this.#gl, target);
    this.#light = this.#bloom = null;
  }
}

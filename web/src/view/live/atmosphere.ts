import type { CustomLayerInterface, Map as MapLibre } from "maplibre-gl";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import type { Camera } from "./camera.ts";
import { compile, type Program, plainState } from "./gl.ts";
import { screenVertex } from "./shaders.ts";

/** Nearer to the Earth's middle than this nothing of the air is to be seen. */
const AIR_FROM = 0.55;
/** Degrees that the sky turns by when the globe turns by one: it is far away. */
const SKY_FOLLOWS = 0.16;

/** What is around the globe and on its rim: space with its stars, the air that shines, the shade on the side away from the light. */
export class AtmosphereLayer implements CustomLayerInterface {
  readonly id = "atmosphere";
  readonly type = "custom";
  readonly renderingMode = "2d";
  #ink = false;
  readonly #camera: Camera;
  #program: Program | null = null;
  #nothing: WebGLVertexArrayObject | null = null;
  readonly #rows = [new Float32Array(4), new Float32Array(4), new Float32Array(4)] as const;
  readonly #space = new Float32Array(9);
  readonly #air = new Float32Array(9);

  /** `camera` is one that looks before this is drawn. */
  constructor(camera: Camera) {
    this.#camera = camera;
    this.theme = "dark";
  }

  set theme(theme: Theme) {
    const { space, air, ink } = MAP_COLOURS[theme];
    this.#space.set(space.flat());
    this.#air.set(air.flat());
    this.#ink = ink;
  }

  onAdd(_: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    this.#program = compile(gl, screenVertex, airFragment);
    this.#nothing = gl.createVertexArray();
  }

  onRemove(_: MapLibre, context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    if (this.#program && !gl.isContextLost()) {
      gl.deleteProgram(this.#program.program);
      gl.deleteVertexArray(this.#nothing);
    }
    this.#program = this.#nothing = null;
  }

  render(context: WebGL2RenderingContext | WebGLRenderingContext): void {
    const gl = context as WebGL2RenderingContext;
    const [program, camera] = [this.#program, this.#camera];
    if (!program || camera.globe === 0) return;
    const m = camera.sphere;
    for (let i = 0; i < 4; i++) {
      this.#rows[0][i] = m[4 * i]!;
      this.#rows[1][i] = m[4 * i + 1]!;
      this.#rows[2][i] = m[4 * i + 3]!;
    }
    if (!seesAir(m)) return;
    plainState(gl);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(program.program);
    gl.uniform4fv(program.at("u_x"), this.#rows[0]);
    gl.uniform4fv(program.at("u_y"), this.#rows[1]);
    gl.uniform4fv(program.at("u_w"), this.#rows[2]);
    gl.uniform2f(program.at("u_size"), gl.drawingBufferWidth / camera.ratio, gl.drawingBufferHeight / camera.ratio);
    gl.uniform2f(program.at("u_turned"), 360 * camera.centreX * SKY_FOLLOWS, 180 * camera.centreY * SKY_FOLLOWS);
    gl.uniform3fv(program.at("u_space[0]"), this.#space);
    gl.uniform3fv(program.at("u_air[0]"), this.#air);
    gl.uniform1f(program.at("u_globe"), camera.globe);
    gl.uniform1i(program.at("u_ink"), this.#ink ? 1 : 0);
    gl.bindVertexArray(this.#nothing);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.bindVertexArray(null);
  }
}

/** Whether a corner of the screen looks past the Earth's middle by far enough. */
function seesAir(matrix: ArrayLike<number>): boolean {
  for (let corner = 0; corner < 4; corner++) {
    if (missOf(matrix, (corner & 1) * 2 - 1, (corner >> 1) * 2 - 1) > AIR_FROM) return true;
  }
  return false;
}

/**
 * How far from the Earth's middle somebody looks who looks at a point of the screen (-1 to 1), in radii of the Earth. All that is seen
 * there is in two planes, and so on a line.
 */
export function missOf(m: ArrayLike<number>, x: number, y: number): number {
  const ax = m[0]! - x * m[3]!;
  const ay = m[4]! - x * m[7]!;
  const az = m[8]! - x * m[11]!;
  const a = m[12]! - x * m[15]!;
  const bx = m[1]! - y * m[3]!;
  const by = m[5]! - y * m[7]!;
  const bz = m[9]! - y * m[11]!;
  const b = m[13]! - y * m[15]!;
  const along = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx);
  return Math.hypot(b * ax - a * bx, b * ay - a * by, b * az - a * bz) / along;
}

const airFragment = `#version 300 es
precision highp float;
in vec2 v_at;
uniform vec4 u_x, u_y, u_w;
uniform vec2 u_size, u_turned;
uniform vec3 u_space[3], u_air[3];
uniform float u_globe;
uniform bool u_ink;
out vec4 o_colour;
const vec2 LIGHT = vec2(-0.552, 0.834); // where it comes from: up and left

float chance(vec2 p) {
  p = fract(p * vec2(123.34, 456.21));
  p += dot(p, p + 45.32);
  return fract(p.x * p.y);
}

/** How far from the Earth's middle one looks here, in its radii. */
float miss(vec2 at) {
  vec4 a = u_x - at.x * u_w, b = u_y - at.y * u_w;
  return length(b.w * a.xyz - a.w * b.xyz) / length(cross(a.xyz, b.xyz));
}

/** A few faint stars in a lattice of squares so many pixels wide. */
float stars(vec2 pixel, float side, float rare) {
  vec2 p = pixel / side, cell = floor(p);
  float luck = chance(cell);
  if (luck < rare) return 0.0;
  vec2 from = fract(p) - 0.3 - 0.4 * vec2(chance(cell + 7.1), chance(cell + 3.7));
  float size = (0.7 + 0.6 * chance(cell + 1.3)) / side;
  return exp(-dot(from, from) / (size * size)) * pow((luck - rare) / (1.0 - rare), 2.0);
}

void main() {
  vec2 at = v_at * 2.0 - 1.0;
  vec2 middle = vec2(u_x.w, u_y.w) / u_w.w;
  vec2 away = (at - middle) * vec2(u_size.x / u_size.y, 1.0);
  float far = miss(at);
  float pixel = max(fwidth(far), 1e-5);
  float towards = dot(away / max(length(away), 1e-4), LIGHT);
  float lit = 0.5 + 0.5 * towards;
  float outside = smoothstep(1.0 - pixel, 1.0 + 0.5 * pixel, far);
  float height = max(0.0, far - 1.0);

  // Beside it: space, stars, and the glow of the air.
  float deep = length((v_at - vec2(0.5, 0.58)) * vec2(1.2, 0.9));
  vec3 space = deep < 0.42 ? mix(u_space[0], u_space[1], deep / 0.42) : mix(u_space[1], u_space[2], min(1.0, (deep - 0.42) / 0.4));
  float halo, rim, shade;
  vec3 beside, on;
  if (u_ink) {
    vec2 below = (at - middle - vec2(0.02, -0.07)) * vec2(u_size.x / u_size.y, 1.0);
    float shadow = length(below) / max(length(away), 1e-4) * far - 1.0;
    halo = 0.34 * exp(-max(0.0, shadow) * 5.5) * (1.0 - 0.35 * lit) + 0.20 * exp(-height * 26.0);
    beside = mix(space, u_air[0], halo);
    beside = mix(beside, u_air[2], 0.55 * exp(-height * 60.0) * lit);
  } else {
    halo = exp(-height * 7.5) * 0.40 * mix(0.30, 1.0, lit) + exp(-height * 34.0) * 0.85 * mix(0.18, 1.0, lit * lit);
    vec3 air = mix(u_air[0], u_air[1], exp(-height * 24.0));
    air = mix(air, u_air[2], 0.75 * exp(-height * 110.0) * lit * lit);
    beside = space + air * halo;
    vec2 sky = v_at * u_size + u_turned * 6.0;
    float twinkle = 0.9 * stars(sky, 31.0, 0.93) + 0.55 * stars(sky + 311.0, 13.0, 0.965);
    beside += vec3(0.78, 0.86, 1.0) * twinkle * smoothstep(0.02, 0.25, height);
  }

  // On it: the air before its rim, and the side away from the light.
  float slant = 1.0 - sqrt(max(0.0, 1.0 - far * far));
  rim = slant * slant * slant;
  if (u_ink) {
    shade = 0.34 * rim * mix(1.0, 0.35, lit) + 0.06 * smoothstep(0.2, 1.0, far) * (1.0 - lit);
    on = u_air[0] * shade;
    float shine = 0.30 * exp(-2.6 * dot(away - 0.42 * LIGHT, away - 0.42 * LIGHT));
    on += vec3(shine);
    shade += shine;
  } else {
    shade = 0.46 * (1.0 - lit) * smoothstep(0.15, 1.0, far);
    on = mix(u_air[0], u_air[1], rim) * rim * mix(0.10, 0.80, lit * lit);
    on += u_air[2] * pow(slant, 14.0) * 0.5 * lit * lit;
    on += u_air[1] * 0.045 * exp(-3.2 * dot(away - 0.55 * LIGHT, away - 0.55 * LIGHT));
  }
  // Fine noise, or the dark would show its steps.
  vec4 colour = mix(vec4(on, shade), vec4(beside, 1.0), outside);
  colour.rgb = max(vec3(0.0), colour.rgb + (chance(gl_FragCoord.xy * 0.37) - 0.5) / 220.0 * min(1.0, colour.a + 8.0 * rim));
  o_colour = colour * u_globe;
}`;

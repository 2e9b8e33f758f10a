import { ATTRIBUTES } from "./buffers.ts";
import { PLACE } from "./camera.ts";

/** What every program that places things begins with. */
export const HEAD = `#version 300 es
precision highp float;
precision highp int;
${PLACE}`;

/** What is known of a point before it is placed. */
const POINT = `
${ATTRIBUTES}
uniform highp sampler2D u_table;   // two texels a frame: see PointRing.table
uniform highp sampler2D u_colours; // by topic number, 256 a row; alpha 0 is hidden
uniform float u_now;

struct Point { vec2 origin; vec2 inside; float side; float age; vec4 colour; float weight; float luck; float heat; };

float chance(uint n) { // an integer hash (PCG): the same on every machine
  uint state = n * 747796405u + 2891336453u;
  uint word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return float((word >> 22u) ^ word) / 4294967295.0;
}

Point point(int id) {
  vec4 tile = texelFetch(u_table, ivec2(0, int(a_row)), 0);
  vec4 time = texelFetch(u_table, ivec2(1, int(a_row)), 0);
  Point p;
  p.origin = tile.xy;
  p.inside = (vec2(a_x, a_y) + time.z) * tile.z;
  p.side = tile.w;
  p.luck = chance(uint(id));
  p.age = u_now - (time.x + time.y * p.luck);
  p.colour = texelFetch(u_colours, ivec2(int(a_topic & 255u), int(a_topic >> 8u)), 0);
  p.weight = log2(float(max(a_count, 1u)));
  p.heat = time.w;
  return p;
}

const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
`;

/** A spark that flashes and fades, and (u_ripple) rings that run out from some of the new ones. */
export const sparkVertex = `${HEAD}
${POINT}
uniform float u_life, u_size, u_gain, u_still, u_rippling, u_kept;
uniform bool u_ripple;
out vec4 v_light;
out float v_flash;
const float RIPPLE_LIFE = 1.6;

void main() {
  gl_Position = NOWHERE;
  gl_PointSize = 0.0;
  v_light = vec4(0.0);
  v_flash = 0.0;
  if (u_kept < 1.0 && chance(uint(gl_VertexID) * 3u + 1u) > u_kept) return;
  Point p = point(gl_VertexID);
  float t = p.age / u_life;
  if (t < 0.0 || t >= 1.0 || p.colour.a < 0.5) return;
  float size = u_size * (1.0 + 0.16 * min(p.weight, 12.0));
  float rise = min(1.0, p.age / mix(0.06, 0.8, u_still));
  if (u_ripple) {
    float run = p.age / RIPPLE_LIFE;
    if (run >= 1.0 || chance(uint(gl_VertexID) ^ 0x9e3779b9u) > u_rippling * (1.0 + 0.5 * p.weight)) return;
    float eased = 1.0 - pow(1.0 - run, 3.0);
    v_light = vec4(p.colour.rgb, (1.0 - run) * (1.0 - run));
    v_flash = eased;
    gl_PointSize = size * (5.0 + 30.0 * eased);
  } else {
    float flash = exp(-p.age * 3.6) * (1.0 - u_still);
    float fade = pow(1.0 - t, 1.8);
    v_light = vec4(p.colour.rgb, rise * u_gain * (1.0 + 0.22 * p.weight) * (0.55 * fade + 2.0 * flash));
    v_flash = flash;
    gl_PointSize = size * (5.0 - 1.6 * t + 6.5 * flash);
  }
  float facing = clamp(8.0 * above(p.origin, p.inside), 0.0, 1.0);
  if (facing == 0.0) return;
  v_light.a *= facing;
  gl_Position = place(p.origin, p.inside);
}`;

export const sparkFragment = `#version 300 es
precision highp float;
in vec4 v_light;
in float v_flash;
uniform bool u_ripple;
out vec4 o_light;
void main() {
  float d = length(gl_PointCoord * 2.0 - 1.0);
  if (d >= 1.0) discard;
  float shape;
  if (u_ripple) {
    float width = 0.05 + 0.14 * (1.0 - v_flash);
    shape = 0.85 * smoothstep(width, 0.0, abs(d - (1.0 - width))) + 0.08 * (1.0 - d);
  } else {
    shape = 0.9 * (exp(-d * d * 5.0) - 0.0067) + 1.1 * exp(-d * d * 38.0);
  }
  // The very heart of a fresh spark is white.
  vec3 colour = mix(v_light.rgb, vec3(1.0), u_ripple ? 0.0 : 0.4 * v_flash * exp(-d * d * 30.0));
  o_light = vec4(colour * shape * v_light.a, shape * v_light.a);
}`;

/**
 * A place that is known only roughly: a faint disc as wide as its cell with a dashed rim. Several of them don't add up (they
 * are drawn with the greater of both), so that a busy one can't drown what is under it. Among streets it would be many screens wide
 * and say nothing: it fades out on the way there.
 */
export const roughVertex = `${HEAD}
${POINT}
uniform float u_life, u_still, u_world, u_level, u_least, u_most;
uniform vec2 u_screen;
uniform ivec3 u_alive; // where in the ring those begin that are drawn, how many they are, the ring's size
out vec2 v_corner;
flat out vec4 v_colour;
flat out vec3 v_shape; // pulse, radius in pixels, light

void main() {
  gl_Position = NOWHERE;
  v_corner = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  v_colour = vec4(0.0);
  v_shape = vec3(0.0);
  if ((gl_InstanceID - u_alive.x + u_alive.z) % u_alive.z >= u_alive.y) return;
  Point p = point(gl_InstanceID);
  float t = p.age / u_life;
  if (t < 0.0 || t >= 1.0 || p.colour.a < 0.5) return;
  highp vec2 at = fromMiddle(p.origin, p.inside);
  highp vec3 sphere = onSphere(at);
  float facing = clamp(8.0 * above(sphere), 0.0, 1.0);
  // On the globe Mercator's stretching is undone.
  float level = length(sphere.xz);
  float radius = max(u_least, 0.55 * p.side * u_world * mix(1.0, level / u_level, u_globe.x));
  if (radius >= u_most || facing == 0.0) return;
  float light = (1.0 - smoothstep(0.4 * u_most, u_most, radius)) * pow(1.0 - t, 1.5) * min(1.0, p.age / 0.3) * min(1.4, 0.8 + 0.06 * p.weight);
  v_colour = vec4(p.colour.rgb, 1.0);
  v_shape = vec3(u_still > 0.5 ? 2.0 : p.age / 1.8, radius, light * facing);
  vec4 centre = placed(at, 0.0);
  gl_Position = centre + vec4(v_corner * radius * 2.0 / u_screen * centre.w, 0.0, 0.0);
}`;

export const roughFragment = `#version 300 es
precision highp float;
in vec2 v_corner;
flat in vec4 v_colour;
flat in vec3 v_shape;
uniform float u_ratio;
out vec4 o_light;
void main() {
  float d = length(v_corner);
  if (d >= 1.0) discard;
  float pixel = u_ratio / v_shape.y;
  float dashes = clamp(floor(6.2832 * v_shape.y / (9.0 * u_ratio)), 10.0, 90.0);
  float dash = smoothstep(0.40, 0.52, abs(fract(atan(v_corner.y, v_corner.x) / 6.2832 * dashes) - 0.5) * 2.0);
  float rim = smoothstep(1.6 * pixel, 0.4 * pixel, abs(d - (1.0 - 2.0 * pixel))) * dash;
  float wide = smoothstep(150.0, 900.0, v_shape.y / u_ratio);
  float fill = (0.055 + 0.09 * (1.0 - d * d)) * mix(1.0, 0.35, wide);
  float pulse = v_shape.x < 1.0 ? smoothstep(0.16, 0.0, abs(d - v_shape.x)) * (1.0 - v_shape.x) * 0.28 : 0.0;
  float light = (fill + pulse + rim * mix(0.62, 0.4, wide)) * v_shape.z;
  o_light = vec4(v_colour.rgb * light, light);
}`;

/** One triangle that covers the target; v_at runs from 0 to 1 over it. */
export const screenVertex = `#version 300 es
out vec2 v_at;
void main() {
  vec2 corner = vec2((gl_VertexID << 1) & 2, gl_VertexID & 2);
  v_at = corner;
  gl_Position = vec4(corner * 2.0 - 1.0, 0.0, 1.0);
}`;

/** Makes a quarter of the picture in each direction: four reads between four pixels each, so that none is missed. */
export const shrinkFragment = `#version 300 es
precision highp float;
in vec2 v_at;
uniform sampler2D u_light;
uniform vec2 u_step;
out vec4 o_light;
void main() {
  o_light = 0.25 * (texture(u_light, v_at + u_step) + texture(u_light, v_at - u_step)
    + texture(u_light, v_at + vec2(u_step.x, -u_step.y)) + texture(u_light, v_at + vec2(-u_step.x, u_step.y)));
}`;

/** A nine-tap Gaussian in five reads, along one axis. */
export const blurFragment = `#version 300 es
precision highp float;
in vec2 v_at;
uniform sampler2D u_light;
uniform vec2 u_step;
out vec4 o_light;
void main() {
  o_light = 0.227027 * texture(u_light, v_at)
    + 0.316216 * (texture(u_light, v_at + 1.384615 * u_step) + texture(u_light, v_at - 1.384615 * u_step))
    + 0.070270 * (texture(u_light, v_at + 3.230769 * u_step) + texture(u_light, v_at - 3.230769 * u_step));
}`;

/** From unbounded light to the screen: light adds to a dark map, ink covers a light one. */
export const developFragment = `#version 300 es
precision highp float;
in vec2 v_at;
uniform sampler2D u_light, u_bloom;
uniform bool u_ink;
out vec4 o_colour;
void main() {
  vec4 light = texture(u_light, v_at) + 0.8 * texture(u_bloom, v_at);
  if (u_ink) {
    float cover = 1.0 - exp(-1.35 * light.a);
    vec3 ink = light.rgb / max(light.a, 1e-4);
    ink *= 1.0 - 0.35 * smoothstep(1.0, 6.0, light.a); // where much is, it is deeper, not paler
    o_colour = vec4(ink * cover, cover);
  } else {
    // Brightness is compressed apart from hue, so that a crowd keeps its colour; only its very heart turns white.
    float most = max(light.r, max(light.g, light.b));
    vec3 hue = light.rgb / max(most, 1e-4);
    float white = 0.9 * (1.0 - exp(-0.06 * max(0.0, most - 1.5)));
    o_colour = vec4(mix(hue, vec3(1.0), white) * (1.0 - exp(-1.3 * most)), 0.0);
  }
}`;

/** Adds a point to the heat of its surroundings, on a map of a part of the world. */
export const heatVertex = `#version 300 es
precision highp float;
precision highp int;
${POINT}
uniform highp vec4 u_window; // west, north, width, height
uniform float u_side, u_reach, u_memory, u_earliest;
out float v_heat;
void main() {
  gl_Position = NOWHERE;
  gl_PointSize = 0.0;
  v_heat = 0.0;
  Point p = point(gl_VertexID);
  if (p.colour.a < 0.5 || p.heat == 0.0 || p.age < u_earliest) return;
  vec2 at = ((p.origin - u_window.xy) + p.inside) / u_window.zw;
  float y = 3.14159265 * (1.0 - 2.0 * (p.origin.y + p.inside.y));
  float stretch = min(4.0, 0.5 * (exp(y) + exp(-y))); // the map's scale at that latitude
  v_heat = p.heat * pow(float(a_count), 0.8) * exp(-max(0.0, p.age) / u_memory) / stretch;
  gl_PointSize = max(3.0, 2.0 * u_reach * u_side * stretch);
  gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);
}`;

export const heatFragment = `#version 300 es
precision highp float;
in float v_heat;
out vec4 o_heat;
void main() {
  vec2 q = gl_PointCoord * 2.0 - 1.0;
  o_heat = vec4(v_heat * max(0.0, exp(-4.5 * dot(q, q)) - 0.0111), 0.0, 0.0, 0.0);
}`;

export const clearFragment = `#version 300 es
precision highp float;
out vec4 o_nothing;
void main() { o_nothing = vec4(0.0); }`;

const RAMP = `
uniform vec3 u_ramp[5];
vec3 ramp(float t) {
  if (t < 0.22) return mix(u_ramp[0], u_ramp[1], t / 0.22);
  if (t < 0.5) return mix(u_ramp[1], u_ramp[2], (t - 0.22) / 0.28);
  if (t < 0.8) return mix(u_ramp[2], u_ramp[3], (t - 0.5) / 0.3);
  return mix(u_ramp[3], u_ramp[4], (t - 0.8) / 0.2);
}
/** Heat to 0..1: a little shows, and much is never quite all. */
float warmth(float heat) { return 1.0 - exp(-pow(heat, 0.58)); }
`;

/** The surface of the heat: a haze over warm ground, with lines of equal heat. A sheet of squares, which the globe bends. */
export const hazeVertex = `${HEAD}
layout(location=0) in vec2 a_part;
uniform highp vec4 u_sheet; // west, north, width, height: what of the world it covers
uniform highp vec4 u_field; // and what its heat is known of
out vec2 v_at;
out float v_face;
void main() {
  highp vec2 inside = a_part * u_sheet.zw;
  v_at = ((u_sheet.xy - u_field.xy) + inside) / u_field.zw;
  highp vec2 d = fromMiddle(u_sheet.xy, inside);
  v_face = above(onSphere(d));
  gl_Position = placed(d, 0.0);
}`;

export const hazeFragment = `#version 300 es
precision highp float;
in vec2 v_at;
in float v_face;
uniform sampler2D u_heat;
uniform float u_gain, u_alpha, u_wide, u_lines;
uniform vec3 u_ember;
uniform bool u_ink;
out vec4 o_colour;
${RAMP}
/** A cubic B-spline through the texels, in four reads: no corners show, however far the map is zoomed in. */
float smoothHeat(vec2 at) {
  vec2 size = vec2(textureSize(u_heat, 0));
  vec2 p = at * size - 0.5, f = fract(p);
  p -= f;
  vec2 w0 = (1.0 - f) * (1.0 - f) * (1.0 - f) / 6.0, w3 = f * f * f / 6.0;
  vec2 w1 = 2.0 / 3.0 - 0.5 * f * f * (2.0 - f), w2 = 1.0 - w0 - w1 - w3;
  vec2 low = w0 + w1, high = w2 + w3;
  vec2 a = (p - 0.5 + w1 / low) / size, b = (p + 1.5 + w3 / high) / size;
  return low.y * (low.x * textureLod(u_heat, a, 0.0).r + high.x * textureLod(u_heat, vec2(b.x, a.y), 0.0).r)
    + high.y * (low.x * textureLod(u_heat, vec2(a.x, b.y), 0.0).r + high.x * textureLod(u_heat, b, 0.0).r);
}
void main() {
  float face = clamp(4.0 * v_face, 0.0, 1.0);
  // Most of the world is cold; one look at a coarse level says so.
  if (face == 0.0 || textureLod(u_heat, v_at, 3.0).r * u_gain < 2e-5) discard;
  float heat = smoothHeat(v_at) * (1.0 - 0.4 * u_wide);
  // From far away a town is a dot: its glow is let reach further than its heat does.
  if (u_wide > 0.0) heat += u_wide * (0.9 * textureLod(u_heat, v_at, 1.0).r + 0.4 * textureLod(u_heat, v_at, 2.2).r);
  float t = warmth(heat * u_gain);
  float alpha = smoothstep(0.03, 0.66, t) * u_alpha * face;
  // Lines of equal heat, brighter than what is between them.
  float step = t * 9.0, width = max(fwidth(step), 1e-4);
  float line = (1.0 - smoothstep(0.4 * width, 1.3 * width, abs(fract(step - 0.5) - 0.5)))
    * smoothstep(0.10, 0.3, t) * (1.0 - smoothstep(0.2, 0.5, width)) * u_lines;
  if (alpha + line < 0.004) discard;
  vec3 colour = t < 0.22 ? mix(u_ember, u_ramp[1], t / 0.22) : ramp(t);
  if (u_ink) colour *= 1.0 - 0.25 * line;
  else colour += colour * 0.75 * line;
  alpha = min(1.0, alpha + 0.16 * line * face);
  o_colour = vec4(min(vec3(1.0), colour) * alpha, u_ink ? alpha : 0.72 * alpha);
}`;

/** The land's dots, lit by the heat under them. */
export const dotVertex = `${HEAD}
layout(location=0) in vec2 a_world;
uniform sampler2D u_heat;
uniform highp vec4 u_field;
uniform float u_size, u_gain, u_alpha;
out vec4 v_colour;
${RAMP}
void main() {
  highp vec3 sphere = onSphere(fromMiddle(vec2(0.0), a_world));
  float face = above(sphere);
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = 0.0;
  v_colour = vec4(0.0);
  if (face <= 0.0) return;
  face = clamp(0.3 + 2.0 * face, 0.0, 1.0);
  // The flat map is stretched towards the poles, and so are its dots, though less.
  float stretch = mix(mix(1.0, min(2.2, 1.0 / length(sphere.xz)), 0.6), 1.0, u_globe.x);
  float t = warmth(textureLod(u_heat, (a_world - u_field.xy) / u_field.zw, 0.0).r * u_gain);
  gl_Position = place(vec2(0.0), a_world);
  gl_PointSize = u_size * stretch * mix(0.55, 1.0, face) * (1.0 + 0.75 * t);
  v_colour = vec4(ramp(t), u_alpha * face * mix(0.5, 1.0, min(1.0, 2.5 * t)));
}`;

export const dotFragment = `#version 300 es
precision highp float;
in vec4 v_colour;
out vec4 o_colour;
void main() {
  float d = length(gl_PointCoord * 2.0 - 1.0);
  float alpha = v_colour.a * (1.0 - smoothstep(0.6, 1.0, d));
  o_colour = vec4(v_colour.rgb * alpha, alpha);
}`;

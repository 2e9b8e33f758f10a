import { MOST_ARCS, POINTS } from "./route.ts";
import { HEAD } from "./shaders.ts";

/** A stretch of an arc, as a ribbon of light: a head runs from where something happened to the home, and leaves a trail. */
export const arcVertex = `${HEAD}
const int POINTS = ${POINTS};
layout(location=0) in highp vec3 a_here;
layout(location=1) in highp vec3 a_next;
uniform highp sampler2D u_colours;
uniform vec2 u_ages[${MOST_ARCS}]; // s, topic
uniform vec2 u_screen;
uniform float u_life, u_ratio, u_still;
out float v_across;
out vec4 v_light;

/** On the flat map an arc is seen a little from below, so that it stands up from the ground. */
vec4 arced(vec3 point) {
  highp vec2 d = fromMiddle(vec2(0.0), point.xy);
  d.y -= 0.11 * point.z * (1.0 - u_globe.x);
  return placed(d, point.z);
}

void main() {
  gl_Position = vec4(2.0, 2.0, 2.0, 1.0);
  v_across = float(gl_VertexID & 1) * 2.0 - 1.0;
  v_light = vec4(0.0);
  int stretch = gl_InstanceID % POINTS;
  vec2 arc = u_ages[gl_InstanceID / POINTS];
  float age = arc.x / u_life;
  if (stretch == POINTS - 1 || age <= 0.0 || age >= 1.0) return;
  bool isNext = gl_VertexID > 1;
  highp vec3 point = isNext ? a_next : a_here;
  float s = float(stretch + (isNext ? 1 : 0)) / float(POINTS - 1);

  // The head arrives after half of the time; then all of it fades, the oldest first.
  float run = min(1.0, age / 0.5);
  float head = mix(run * run * (3.0 - 2.0 * run), 1.0, u_still);
  float behind = head - s;
  if (behind < -0.02) return;
  float fade = 1.0 - smoothstep(0.45, 1.0, age);
  float trail = mix(0.30 + 0.70 * exp(-behind * 5.0), 0.55, u_still);
  float front = (1.0 - u_still) * exp(-behind * behind * 5200.0) * (1.0 - smoothstep(0.46, 0.56, age));
  vec3 sphere = onSphere(fromMiddle(vec2(0.0), point.xy)) * (1.0 + point.z);
  float facing = smoothstep(-0.02, 0.12, above(sphere));
  if (facing == 0.0) return;

  vec4 here = arced(a_here), next = arced(a_next);
  vec2 along = (next.xy / next.w - here.xy / here.w) * u_screen;
  vec2 normal = vec2(-along.y, along.x) / max(length(along), 1e-4);
  float width = u_ratio * (1.4 + 1.3 * front);
  vec4 at = isNext ? next : here;
  int topic = int(arc.y);
  vec3 colour = texelFetch(u_colours, ivec2(topic & 255, topic >> 8), 0).rgb;
  float light = fade * facing * (0.75 * trail + 2.4 * front) * mix(1.0, min(1.0, age * 8.0), u_still);
  v_light = vec4(mix(colour, vec3(1.0), 0.12 + 0.5 * front) * light, light);
  gl_Position = vec4(at.xy + normal * v_across * width * 2.0 / u_screen * at.w, 0.0, at.w);
}`;

export const arcFragment = `#version 300 es
precision highp float;
in float v_across;
in vec4 v_light;
out vec4 o_light;
void main() { o_light = v_light * exp(-v_across * v_across * 4.5); }`;

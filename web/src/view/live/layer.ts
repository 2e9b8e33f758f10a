import type { CustomLayerInterface, CustomRenderMethodInput, Map as MapLibre } from "maplibre-gl";
import type { Part } from "../../feed/protocol.ts";
import type { ServerClock } from "../../receive/clock.ts";
import { type Frame, Kind } from "../../receive/frame.ts";
import type { Home } from "../../state/settings.ts";
import type { Mode } from "../../state/view.ts";
import { MAP_COLOURS, type Theme } from "../theme.ts";
import { Arcs } from "./arcs.ts";
import { PointBuffers, resetUnpacking } from "./buffers.ts";
import { Camera } from "./camera.ts";
import { Darkroom } from "./darkroom.ts";
import { Exposure } from "./exposure.ts";
import { bindTexture, compile, type Program, plainState, setSampling, type Target } from "./gl.ts";
import { Pace } from "./pace.ts";
import { AHEAD_MS, isRough, PointRing } from "./ring.ts";
import { roughFragment, roughVertex, sparkFragment, sparkVertex } from "./shaders.ts";
import { Warmth } from "./warmth.ts";

/** How long a point is seen, ms. */
export const LIFE_MS = 16_000;
/** 8,192 rows a step, four steps a second, for 16 s: the most that the wire brings of what can be seen. */
const SPARKS = 1 << 19;
const ROUGH = 1 << 12;
/** A rough place's disc of this radius, in CSS pixels, is not to be seen any more. */
const MOST_ROUGH = 6000;
/** Rings that are seen at a time, about; more would hide the map. */
const RIPPLES = 60;
const RIPPLE_S = 1.6;
/** From so many sparks on each gets dimmer, so that a crowd doesn't turn into one white patch. */
const CROWD = 12_000;

/** More sparks than this are thinned out by luck, and those that are left shine brighter; on a machine that draws slowly sooner. */
const MOST_SPARKS = 200_000;
const MOST_SPARKS_SLOW = 24_000;

/** From this zoom on cells part (8 pixels for those of 38 m), and sparks grow with the room they have. */
const STREETS_ZOOM = 14;
/** Where fewer than about this many are on the map, each is drawn larger. */
const FEW = 100;
/** Points that are enough to say where it is busy. */
const SURVEYED = 20_000;
/** With nothing left but heat that fades, the map is drawn so often. */
const COOLING_MS = 500;

interface Programs {
  spark: Program;
  rough: Program;
}

/** What the GPU holds; made when the layer is added, gone with a lost context. */
interface Gpu {
  gl: WebGL2RenderingContext;
  sparks: PointBuffers;
  rough: PointBuffers;
  colours: WebGLTexture;
  ground: Warmth;
  darkroom: Darkroom;
  programs: Programs;
}

/** What is drawn now, for the curious and for tests. */
export interface LayerStats {
  /** Points that may be seen, without copies of the world. */
  drawn: number;
  /** Points received for drawing since the page opened. */
  points: number;
  /** Pictures drawn. */
  frames: number;
  /** ms of main thread that the last picture took. */
  lastMs: number;
}

/** The live events: a MapLibre layer that draws frames as they come from the wire. */
export class LiveLayer implements CustomLayerInterface {
  readonly id = "live";
  readonly type = "custom";
  readonly renderingMode = "2d";
  readonly stats: LayerStats = { drawn: 0, points: 0, frames: 0, lastMs: 0 };

  /** Nothing flashes or ripples. */
  still = false;
  readonly #clock: ServerClock;
  readonly #sparks = new PointRing(SPARKS);
  readonly #rough = new PointRing(ROUGH);
  /** Colour by topic number; alpha 0 hides. */
  readonly #colours = new Uint8Array(65_536 * 4);
  readonly #camera = new Camera();
  readonly #exposure = new Exposure();
  readonly #arcs = new Arcs();
  readonly #pace = new Pace();
  #theme: Theme = "dark";
  #mode: Mode = "both";
  #coloursChanged = true;
  #heatIsStale = true;
  #map: MapLibre | null = null;
  #gpu: Gpu | null = null;

  constructor(clock: ServerClock) {
    this.#clock = clock;
  }

  /** Takes rows to draw, whose topics are slots. */
  draw(parts: readonly Part[]): void {
    const now = this.#clock.now();
    // Whatever was missed is in one picture, of several frames: it is to be asked for before they are taken.
    const isDark = this.#exposure.isDark;
    for (const { frame, sum, heat } of parts) {
      this.stats.points += frame.n;
      if (isRough(frame)) {
        this.#rough.push(frame, now, LIFE_MS);
        continue;
      }
      this.#sparks.push(frame, now, LIFE_MS, heat);
      if (frame.kind !== Kind.picture || isDark) this.#exposure.add(heat * sum, momentOf(frame, now));
    }
    if (!this.#clock.isHeld && parts[0]?.frame.kind !== Kind.picture) this.#arcs.offer(parts, now);
    this.#map?.triggerRepaint();
  }

  /** Takes rows to draw in place of all that is drawn. */
  replace(parts: readonly Part[]): void {
    this.#sparks.clear();
    this.#rough.clear();
    this.draw(parts);
  }

  /** The picture stands still at this time (server's, ms since 1970), or goes on (null). */
  hold(at: number | null): void {
    this.#clock.hold(at);
    this.#heatIsStale = true;
    this.#map?.triggerRepaint();
  }

  /** Takes note of how many events were outside the area: how bright the ground is goes by the whole feed. */
  notice(count: number): void {
    this.#exposure.add(count, this.#clock.now());
  }

  /** Tells where (0 to 1) what is seen now happened, and how many each are: of many points only some. */
  survey(tell: (x: number, y: number, count: number) => void): void {
    this.#sparks.survey(this.#sparks.oldest(this.#clock.now()), SURVEYED, (x, y, topic, count) => {
      if (this.#colours[4 * topic + 3] !== 0) tell(x, y, count);
    });
  }

  /** The colour (0..255) of a topic by its slot, and whether it is seen. */
  colour(topic: number, red: number, green: number, blue: number, visible: boolean): void {
    const at = topic * 4;
    const alpha = visible ? 255 : 0;
    if (this.#colours[at + 3] !== alpha) this.#heatIsStale = true;
    this.#colours[at] = red;
    this.#colours[at + 1] = green;
    this.#colours[at + 2] = blue;
    this.#colours[at + 3] = alpha;
    this.#coloursChanged = true;
    this.#map?.triggerRepaint();
  }

  /** What is drawn of the events: they themselves, the ground that they warm, or both. */
  get mode(): Mode {
    return this.#mode;
  }

  set mode(mode: Mode) {
    this.#mode = mode;
    this.#map?.triggerRepaint();
  }

  /** Where arcs run to from some of what happens; null for none. */
  set home(home: Home | null) {
    this.#arcs.home = home;
    this.#map?.triggerRepaint();
  }

  set theme(theme: Theme) {
    this.#theme = theme;
    this.#map?.triggerRepaint();
  }

  /** Where it has been busy lately; null while there is no GPU. */
  get ground(): Warmth | null {
    return this.#gpu?.ground ?? null;
  }

  /** What one unit of that heat is worth. */
  get gain(): number {
    return this.#exposure.gain(this.#clock.now());
  }

  get camera(): Camera {
    return this.#camera;
  }

  onAdd(map: MapLibre, gl: WebGL2RenderingContext | WebGLRenderingContext): void {
    this.#map = map;
    this.#gpu = createGpu(gl as WebGL2RenderingContext, this.#sparks, this.#rough);
    this.#arcs.create(gl as WebGL2RenderingContext);
    this.#coloursChanged = this.#heatIsStale = true;
  }

  onRemove(): void {
    const gpu = this.#gpu;
    this.#gpu = null;
    this.#map = null;
    this.#pace.stop();
    this.#arcs.delete();
    if (gpu && !gpu.gl.isContextLost()) deleteGpu(gpu);
  }

  prerender(_: unknown, input: CustomRenderMethodInput): void {
    const [gpu, map] = [this.#gpu, this.#map];
    if (!gpu || !map) return;
    const started = performance.now();
    const { gl } = gpu;
    const now = this.#clock.now();
    this.#camera.look(map, gl, input);
    plainState(gl);
    this.#upload(gpu);
    if (this.#heatIsStale) gpu.ground.restart();
    this.#heatIsStale = false;
    const seconds = this.#sparks.seconds(now);
    gpu.ground.update(this.#camera, this.#sparks, gpu.sparks, gpu.colours, seconds, this.#clock.isHeld);
    this.#drawLight(gpu, now);
    gl.bindVertexArray(null);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
    this.stats.lastMs = performance.now() - started;
    this.stats.frames++;
  }

  render(_: unknown): void {
    const [gpu, map] = [this.#gpu, this.#map];
    if (!gpu || !map) return;
    if (this.stats.drawn === 0 || this.#mode === "heat") {
      if (!this.#clock.isHeld && gpu.ground.isWarm(this.#sparks.seconds(this.#clock.now())))
        this.#pace.later(map, COOLING_MS);
      return;
    }
    plainState(gpu.gl);
    gpu.darkroom.develop(MAP_COLOURS[this.#theme].ink);
    if (!this.#clock.isHeld) this.#pace.next(map);
  }

  #upload(gpu: Gpu): void {
    const { gl } = gpu;
    gpu.sparks.upload();
    gpu.rough.upload();
    if (!this.#coloursChanged) return;
    this.#coloursChanged = false;
    bindTexture(gl, 0, gpu.colours);
    resetUnpacking(gl);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, 256, gl.RGBA, gl.UNSIGNED_BYTE, this.#colours);
  }

  /** Less is to be drawn; but a picture that stands still has the time that it needs. */
  get #isSlow(): boolean {
    return this.#pace.isSlow && !this.#clock.isHeld;
  }

  #drawLight(gpu: Gpu, now: number): void {
    const { gl } = gpu;
    const oldestSpark = this.#sparks.oldest(now);
    const sparks = this.#sparks.head - oldestSpark;
    const oldestRough = this.#rough.oldest(now);
    const rough = this.#rough.head - oldestRough;
    this.stats.drawn = sparks + rough;
    if (this.stats.drawn === 0 || this.#mode === "heat") return;
    gpu.darkroom.isSlow = this.#isSlow;
    const light = gpu.darkroom.expose();
    if (rough > 0) this.#drawRough(gpu, now, oldestRough, light);
    if (this.#arcs.home && this.#arcs.isAlive(now)) this.#drawArcs(gpu, now, light);
    if (sparks > 0) this.#drawSparks(gpu, now, oldestSpark);
    gl.bindVertexArray(null);
    gpu.darkroom.bloom();
  }

  #drawArcs({ darkroom, colours }: Gpu, now: number, { width, height }: Target): void {
    const ratio = this.#camera.ratio * darkroom.scale;
    this.#arcs.draw(this.#camera, colours, now, width, height, ratio, this.still);
  }

  #drawSparks(gpu: Gpu, now: number, oldest: number): void {
    const { gl } = gpu;
    const program = gpu.programs.spark;
    const ring = this.#sparks;
    const sparks = ring.head - oldest;
    const newest = Math.max(oldest, ring.since(now - RIPPLE_S * 1000));
    this.#usePoints(gpu, program, gpu.sparks, ring, now);
    const { zoom } = this.#camera;
    const alone = 1 + 0.6 / (1 + sparks / FEW);
    const size = Math.min(2.6, Math.max(0.6, 0.62 + 0.27 * zoom)) * alone * this.#camera.ratio * gpu.darkroom.scale;
    const grown = size * 2 ** (0.5 * Math.max(0, zoom - STREETS_ZOOM));
    const kept = Math.min(1, (this.#isSlow ? MOST_SPARKS_SLOW : MOST_SPARKS) / sparks);
    gl.uniform1f(program.at("u_kept"), kept);
    gl.uniform1f(program.at("u_gain"), 1 / Math.sqrt(kept * (1 + sparks / CROWD)));
    gl.uniform1f(program.at("u_rippling"), RIPPLES / Math.max(1, ring.head - newest));
    gl.blendFunc(gl.ONE, gl.ONE);
    for (const copy of this.#camera.copies) {
      this.#camera.use(gl, program, copy);
      gl.uniform1i(program.at("u_ripple"), 0);
      gl.uniform1f(program.at("u_size"), grown);
      drawStretch(gl, ring, oldest);
      if (this.still) continue;
      gl.uniform1i(program.at("u_ripple"), 1);
      gl.uniform1f(program.at("u_size"), size);
      drawStretch(gl, ring, newest);
    }
  }

  #drawRough(gpu: Gpu, now: number, oldest: number, { width, height }: Target): void {
    const { gl } = gpu;
    const program = gpu.programs.rough;
    const { head, capacity } = this.#rough;
    const ratio = this.#camera.ratio * gpu.darkroom.scale;
    this.#usePoints(gpu, program, gpu.rough, this.#rough, now);
    gl.uniform2f(program.at("u_screen"), width, height);
    gl.uniform1f(program.at("u_ratio"), ratio);
    gl.uniform1f(program.at("u_least"), 13 * ratio);
    gl.uniform1f(program.at("u_most"), MOST_ROUGH * ratio);
    gl.uniform3i(program.at("u_alive"), oldest % capacity, head - oldest, capacity);
    gl.uniform1f(program.at("u_world"), 512 * 2 ** this.#camera.zoom * ratio);
    gl.uniform1f(program.at("u_level"), this.#camera.level);
    gl.blendEquation(gl.MAX);
    for (const copy of this.#camera.copies) {
      this.#camera.use(gl, program, copy);
      gl.drawArraysInstanced(gl.TRIANGLE_STRIP, 0, 4, Math.min(head, capacity));
    }
    gl.blendEquation(gl.FUNC_ADD);
  }

  #usePoints(gpu: Gpu, program: Program, points: PointBuffers, ring: PointRing, now: number): void {
    const { gl } = gpu;
    gl.useProgram(program.program);
    bindTexture(gl, 0, points.table);
    bindTexture(gl, 1, gpu.colours);
    gl.uniform1i(program.at("u_table"), 0);
    gl.uniform1i(program.at("u_colours"), 1);
    gl.uniform1f(program.at("u_now"), ring.seconds(now));
    gl.uniform1f(program.at("u_life"), LIFE_MS / 1000);
    gl.uniform1f(program.at("u_still"), this.still ? 1 : 0);
    gl.bindVertexArray(points.array);
  }
}

/** When what a frame tells of has warmed the ground, ms. It goes by the frame, not by when it came, so that the same frames look the same. */
function momentOf({ kind, tick, covers }: Frame, now: number): number {
  return kind === Kind.replay ? now : Math.min(tick + covers, now + AHEAD_MS);
}

/** Draws the ring's points from one number on, in one or two calls. */
function drawStretch(gl: WebGL2RenderingContext, ring: PointRing, from: number): void {
  const n = ring.head - from;
  if (n <= 0) return;
  const first = from % ring.capacity;
  const untilEnd = Math.min(n, ring.capacity - first);
  gl.drawArrays(gl.POINTS, first, untilEnd);
  if (n > untilEnd) gl.drawArrays(gl.POINTS, 0, n - untilEnd);
}

function createGpu(gl: WebGL2RenderingContext, sparks: PointRing, rough: PointRing): Gpu {
  const colours = gl.createTexture();
  bindTexture(gl, 0, colours);
  gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RGBA8, 256, 256);
  setSampling(gl, gl.NEAREST);
  return {
    gl,
    sparks: new PointBuffers(gl, sparks, false),
    rough: new PointBuffers(gl, rough, true),
    colours,
    ground: new Warmth(gl),
    darkroom: new Darkroom(gl),
    programs: {
      spark: compile(gl, sparkVertex, sparkFragment),
      rough: compile(gl, roughVertex, roughFragment),
    },
  };
}

function deleteGpu(gpu: Gpu): void {
  gpu.sparks.delete();
  gpu.rough.delete();
  gpu.ground.delete();
  gpu.darkroom.delete();
  gpu.gl.deleteTexture(gpu.colours);
  gpu.gl.deleteProgram(gpu.programs.spark.program);
  gpu.gl.deleteProgram(gpu.programs.rough.program);
}

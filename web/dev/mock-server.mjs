// A development tool, not part of the product: a stand-in for `dynmap serve` that speaks `/api/live` with real frames, so that
// the page can be worked on, and driven by browser tests, on a machine without the server.
//
//   npm run dev:mock -- --port 8080 --rate 800 --seed 1 --topics 3 --rough 0.02 --compile 5 --static ../src/dynmap/static
//
// The world is made from the seed. With `--token abc` only those who show that token are let in. `POST /mock` with {"drop": true}
// cuts every connection, {"expire": true} closes it as if the token had expired, {"events": [[lon, lat, topic, count, bits?], ...]}
// sends those with the next tick, {"rate": n} changes how many there are, {"pace": {"every": 1000, "reason": "..."}} sends every
// viewer so few steps, {"stats": {...}} overrides fields.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";
import { cities } from "./cities.mjs";

const TICK_MS = 250;
const { values: flags } = parseArgs({
  options: {
    port: { type: "string", default: "8080" },
    rate: { type: "string", default: "800" },
    seed: { type: "string", default: "1" },
    topics: { type: "string", default: "3" },
    rough: { type: "string", default: "0.01" },
    compile: { type: "string", default: "0" },
    static: { type: "string" },
    token: { type: "string" },
  },
});

const started = Date.now();
const names = [
  "orders.paid",
  "signup",
  "alert.latency",
  "web.200",
  "web.404",
  "mail.open",
  "dns.A",
  "login.failed",
  "scan",
];
const topicNames = Array.from({ length: Number(flags.topics) }, (_, i) => names[i] ?? `campaign.${i}.click`);
const state = { rate: Number(flags.rate), extra: [], stats: {}, located: 0, steps: 0, totals: topicNames.map(() => 0) };
const events = { received: 0, located: 0, unlocated: 0, rejected: 0 };
/** The last minute's steps with their events, so that viewers can resume and start warm. */
const past = [];
const viewers = new Set();

function generator(seed) {
  let s = seed >>> 0;
  return () => {
    s = (s + 0x6d2b79f5) | 0;
    let t = Math.imul(s ^ (s >>> 15), 1 | s);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
const random = generator(Number(flags.seed));
const gauss = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

const cumulate = (weights) => {
  let sum = 0;
  return weights.map((weight) => {
    sum += weight;
    return sum;
  });
};
const cumulated = cumulate(cities.map(([, , , busy]) => busy ** 0.8));
const cumulatedTopics = cumulate(topicNames.map((_, i) => 1 / (i + 1.4)));

function someTopic() {
  const pick = random() * cumulatedTopics.at(-1);
  return cumulatedTopics.findIndex((sum) => sum > pick);
}

function somePlace() {
  const pick = random() * cumulated.at(-1);
  const [, lon, lat] = cities[cumulated.findIndex((sum) => sum > pick)];
  const spread = random() < 0.45 ? 0.12 : 2.2 * random() * random() + 0.15;
  return [lon + (gauss() * spread) / Math.max(0.3, Math.cos((lat * Math.PI) / 180)), lat + gauss() * spread];
}

/** An event in the middle of its cell: where in the world (0 to 1), its topic, how many, and how fine its cell is. */
function eventOf([lon, lat, topic, count, bits = 20]) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180);
  const middle = (v) => (Math.floor((((v % 1) + 1) % 1) * 2 ** bits) + 0.5) / 2 ** bits;
  const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
  return { x: middle(lon / 360 + 0.5), y: middle(y), topic, count, bits };
}

/** The events of a viewer's tiles (and of the rest of the world), summed: [{z, x, y, bits, cells}]. */
function framesOf(events, { tiles, rest }) {
  const frames = new Map();
  const add = (tile, bits, key, count) => {
    const name = `${tile}/${bits}`;
    if (!frames.has(name)) frames.set(name, { tile, bits, cells: new Map() });
    const { cells } = frames.get(name);
    cells.set(key, (cells.get(key) ?? 0) + count);
  };
  const wanted = new Map(tiles.map((tile) => [tile.join(), tile]));
  const zooms = new Set(tiles.map(([z]) => z));
  for (const { x, y, topic, count, bits } of events) {
    const inside = [...zooms]
      .map((z) => wanted.get([z, Math.floor(x * 2 ** z), Math.floor(y * 2 ** z)].join()))
      .find(Boolean);
    if (inside) {
      const [z, tileX, tileY] = inside;
      const part = (v, tile) => Math.floor((v * 2 ** z - tile) * 65536);
      const key = (topic * 65536 + part(y, tileY)) * 65536 + part(x, tileX);
      add(inside, Math.max(0, Math.min(16, bits - z)), key, count);
    } else if (rest) add([0, 0, 0], 0, topic * 65536 * 65536, count);
  }
  return [...frames.values()];
}

function encode({ tile: [z, x, y], bits, cells }, { kind, id, tick, covers }) {
  const n = cells.size;
  const counts = 32 + 6 * n + 2 * (n % 2);
  const out = Buffer.alloc(counts + 4 * n);
  out.write("DYN1");
  out[4] = kind;
  out[5] = z;
  out[6] = bits;
  out[7] = id;
  out.writeUInt32LE(x, 8);
  out.writeUInt32LE(y, 12);
  out.writeDoubleLE(tick, 16);
  out.writeUInt32LE(covers, 24);
  out.writeUInt32LE(n, 28);
  let i = 0;
  for (const [key, count] of cells) {
    out.writeUInt16LE(key % 65536, 32 + 2 * i);
    out.writeUInt16LE(Math.floor(key / 65536) % 65536, 32 + 2 * n + 2 * i);
    out.writeUInt16LE(Math.floor(key / 65536 / 65536), 32 + 4 * n + 2 * i);
    out.writeUInt32LE(count, counts + 4 * i);
    i++;
  }
  return out;
}

const json = (message) => JSON.stringify(message);
/** Several steps at once, as they were. */
function sendSteps({ socket, id, tiles, rest }, kind, steps) {
  if (steps.length === 0) return;
  const facts = { kind, id, tick: steps[0].tick, covers: steps.length * TICK_MS };
  const events = steps.flatMap((one) => one.events);
  for (const frame of framesOf(events, { tiles, rest })) socket.send(encode(frame, facts));
}
const cursor = () => `mock-${state.steps}`;
const progress = () => Math.min(1, (Date.now() - started) / (Number(flags.compile) * 1000 || 1));

function step() {
  const tick = Math.floor(Date.now() / TICK_MS) * TICK_MS - TICK_MS;
  const list = state.extra.splice(0);
  if (progress() >= 1) {
    const wave = 1 + 0.25 * Math.sin(Date.now() / 5000) + 0.15 * gauss();
    const exact = (Math.max(0, wave) * state.rate * TICK_MS) / 1000;
    const n = Math.floor(exact) + (random() < exact % 1 ? 1 : 0);
    for (let i = 0; i < n; i++) {
      const rough = random() < Number(flags.rough);
      const weight = random() < 0.02 ? 1 + Math.floor(40 * random() ** 3) : 1;
      list.push([...somePlace(), someTopic(), weight, rough ? 7 : 20]);
    }
    events.unlocated += random() < 0.3 ? 1 : 0;
    events.rejected += random() < 0.05 ? 1 : 0;
  }
  for (const [, , topic, count] of list) {
    state.located += count;
    state.totals[topic] += count;
  }
  events.located = state.located;
  events.received = events.located + events.unlocated + events.rejected;
  state.steps++;
  past.push({ step: state.steps, tick, events: list.map(eventOf) });
  if (past.length > 240) past.shift();
  for (const viewer of viewers) if (viewer.id !== null && Date.now() >= viewer.due) sendOn(viewer);
}

/** What a viewer hasn't got yet, and the mark that closes it. */
function sendOn(viewer) {
  const missed = past.filter((one) => one.step > viewer.step);
  sendSteps(viewer, missed.length === 1 ? 0 : 3, missed);
  viewer.step = state.steps;
  viewer.due = Date.now() + viewer.every - TICK_MS / 2;
  viewer.socket.send(json({ type: "mark", id: viewer.id, cursor: cursor(), tick: past.at(-1)?.tick ?? Date.now() }));
}

function subscribe(viewer, { id, since, window, tiles = [[0, 0, 0]], rest = false, every = TICK_MS }) {
  const { socket } = viewer;
  Object.assign(viewer, { id, tiles, rest, every, due: 0 });
  socket.send(json({ type: "topics", topics: Object.fromEntries(topicNames.map((name, number) => [number, name])) }));
  const from = since?.startsWith("mock-") ? Number(since.slice(5)) : null;
  const goesOn = from !== null && from <= state.steps && (from === state.steps || (past[0]?.step ?? 0) <= from + 1);
  viewer.step = goesOn ? from : state.steps;
  if (!goesOn) {
    if (since !== null) socket.send(json({ type: "reset", id, reason: "the cursor is too old" }));
    const topics = Object.fromEntries(state.totals.map((count, number) => [number, count]));
    const isWhole = rest || tiles[0][0] === 0;
    socket.send(
      json({
        type: "subscribed",
        id,
        cursor: cursor(),
        located: isWhole ? state.located : 0,
        topics: isWhole ? topics : {},
      }),
    );
  }
  const before = past.filter((one) => one.step <= viewer.step).slice(-Math.round((window * 1000) / TICK_MS));
  if (window > 0)
    for (let i = 0; i < before.length; i += 5) sendSteps({ ...viewer, rest: false }, 1, before.slice(i, i + 5));
  sendOn(viewer);
}

/** As the real server tells a viewer on a thin line. */
function setPace({ every, reason }) {
  for (const viewer of viewers) {
    viewer.every = every;
    viewer.socket.send(json({ type: "pace", id: viewer.id, every, reason }));
  }
}

function stats() {
  const p = progress();
  const compiling = { state: "compiling", detail: "compiling the decoders, once", progress: p };
  return json({
    type: "stats",
    events,
    rate: p >= 1 ? state.rate : 0,
    viewers: viewers.size,
    ingest: p >= 1 ? { state: "ready", detail: "", progress: 1 } : compiling,
    sources: [{ name: "access", kind: "tail", state: "waiting for the file", detail: "", received: 0, rejected: 0 }],
    notices: [],
    ...state.stats,
  });
}

const examples = [{ reason: "no address in it", line: '"GET /status" 200 12' }];

/** As `dynmap.serve.pages` sends it. */
const POLICY =
  "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; worker-src 'self' blob:; " +
  "object-src 'none'; base-uri 'none'; form-action 'none'";
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

const server = createServer(async (request, response) => {
  const path = new URL(request.url, "http://mock").pathname;
  if (path === "/mock" && request.method === "POST") {
    const body = [];
    for await (const part of request) body.push(part);
    const wish = JSON.parse(Buffer.concat(body).toString());
    if (wish.drop) for (const { socket } of viewers) socket.terminate();
    if (wish.expire) for (const { socket } of viewers) socket.close(4401, "the token has expired");
    if (wish.pace) setPace(wish.pace);
    if (wish.events) state.extra.push(...wish.events);
    if (wish.rate !== undefined) state.rate = wish.rate;
    if (wish.stats) state.stats = wish.stats;
    return response.end(json({ located: state.located }));
  }
  if (path === "/map.json") {
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ home: { name: "Berlin", lat: 52.52, lon: 13.4 }, basemap: { kind: "bundled" } }));
    return;
  }
  if (path === "/api/stats") {
    response.setHeader("content-type", "application/json");
    if (!flags.token || request.headers.authorization === `Bearer ${flags.token}`)
      return response.end(json({ started, events, reasons: { "no address in it": events.rejected }, examples }));
    return response.writeHead(401).end(json({ code: "unauthorized", message: "a viewer token is needed" }));
  }
  if (!flags.static) return response.writeHead(404).end();
  response.setHeader("content-security-policy", POLICY);
  try {
    const file = path === "/" ? "index.html" : normalize(path);
    const content = await readFile(join(flags.static, file));
    response.setHeader("content-type", TYPES[extname(file)] ?? "application/octet-stream").end(content);
  } catch {
    response.writeHead(404).end();
  }
});

/** A token travels as the subprotocol after `dynmap`, which is the one that is answered. */
function isLetIn({ req }) {
  return !flags.token || (req.headers["sec-websocket-protocol"] ?? "").split(/, */).includes(`bearer.${flags.token}`);
}

const live = {
  server,
  path: "/api/live",
  verifyClient: isLetIn,
  handleProtocols: (asked) => asked.has("dynmap") && "dynmap",
};
new WebSocketServer(live).on("connection", (socket) => {
  const viewer = { socket, id: null };
  viewers.add(viewer);
  socket.send(json({ type: "hello", protocol: 1, tick_ms: TICK_MS, now: Date.now(), epoch: String(started), started }));
  socket.on("message", (data) => {
    const message = JSON.parse(data.toString());
    if (message.type === "subscribe") subscribe(viewer, message);
  });
  socket.on("close", () => viewers.delete(viewer));
});

setInterval(step, TICK_MS);
setInterval(() => {
  for (const { socket } of viewers) socket.send(stats());
}, 1000);
server.listen(Number(flags.port), "127.0.0.1", () =>
  console.log(`mock server on http://127.0.0.1:${server.address().port}`),
);

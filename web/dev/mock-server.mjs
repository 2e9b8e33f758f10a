// A development tool, not part of the product: a stand-in for `dynmap serve` that speaks `/api/live` with real frames, so that
// the page can be worked on, and driven by browser tests, on a machine without the server.
//
//   npm run dev:mock -- --port 8080 --rate 800 --seed 1 --topics 3 --rough 0.02 --compile 5 --static ../src/dynmap/static
//
// The world is made from the seed. `POST /mock` with {"drop": true} cuts every connection, {"events": [[lon, lat, topic,
// count, bits?], ...]} sends those with the next tick, {"rate": n} changes the pace, {"stats": {...}} overrides fields.
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
/** The last minute's frames, so that viewers can resume and start warm: [step, tick, rows by size of cell]. */
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

/** Longitude and latitude to the centre of a cell, in 1/65536 of the world, rounded down. */
function cellOf(lon, lat, bits) {
  const sine = Math.sin((Math.max(-85.05, Math.min(85.05, lat)) * Math.PI) / 180);
  const at = (v) => {
    const cell = Math.floor((((v % 1) + 1) % 1) * 2 ** bits);
    return bits === 16 ? cell : cell * 2 ** (16 - bits) + 2 ** (15 - bits);
  };
  return [at(lon / 360 + 0.5), at(0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI))];
}

function rollUp(list) {
  const bySize = new Map();
  for (const [lon, lat, topic, count, bits = 16] of list) {
    const [x, y] = cellOf(lon, lat, bits);
    const cells = bySize.get(bits) ?? bySize.set(bits, new Map()).get(bits);
    const key = (topic * 65536 + y) * 65536 + x;
    cells.set(key, (cells.get(key) ?? 0) + count);
  }
  return bySize;
}

function merged(steps) {
  const bySize = new Map();
  for (const { rows } of steps) {
    for (const [bits, cells] of rows) {
      const into = bySize.get(bits) ?? bySize.set(bits, new Map()).get(bits);
      for (const [key, count] of cells) into.set(key, (into.get(key) ?? 0) + count);
    }
  }
  return bySize;
}

function encode(cells, { kind, bits, id, tick, covers }) {
  const n = cells.size;
  const counts = 32 + 6 * n + 2 * (n % 2);
  const out = Buffer.alloc(counts + 4 * n);
  out.write("DYN1");
  out[4] = kind;
  out[6] = bits;
  out[7] = id;
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
const sendRows = (socket, rows, facts) => {
  for (const [bits, cells] of rows) if (cells.size > 0) socket.send(encode(cells, { ...facts, bits }));
};
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
      list.push([...somePlace(), someTopic(), weight, rough ? 7 : 16]);
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
  const rows = rollUp(list);
  past.push({ step: state.steps, tick, rows });
  if (past.length > 240) past.shift();
  for (const { socket, id } of viewers) {
    if (id === null) continue;
    sendRows(socket, rows, { kind: 0, id, tick, covers: TICK_MS });
    socket.send(json({ type: "mark", cursor: cursor(), tick }));
  }
}

function subscribe(viewer, { id, since, window }) {
  const { socket } = viewer;
  viewer.id = id;
  socket.send(json({ type: "topics", topics: Object.fromEntries(topicNames.map((name, number) => [number, name])) }));
  const from = since?.startsWith("mock-") ? Number(since.slice(5)) : null;
  const missed = past.filter((one) => one.step > from);
  if (from !== null && from <= state.steps && missed.length === state.steps - from) {
    socket.send(json({ type: "subscribed", id, cursor: since }));
    if (missed.length > 0) {
      const facts = { kind: 3, id, tick: missed[0].tick, covers: missed.length * TICK_MS };
      sendRows(socket, merged(missed), facts);
    }
  } else {
    if (since !== null) socket.send(json({ type: "reset", id, reason: "the cursor is too old" }));
    const topics = Object.fromEntries(state.totals.map((count, number) => [number, count]));
    socket.send(json({ type: "subscribed", id, cursor: cursor(), located: state.located, topics }));
    const recent = past.slice(-Math.round((window * 1000) / TICK_MS));
    if (recent.length > 0 && window > 0) {
      sendRows(socket, merged(recent), { kind: 1, id, tick: recent[0].tick, covers: recent.length * TICK_MS });
    }
  }
  socket.send(json({ type: "mark", cursor: cursor(), tick: past.at(-1)?.tick ?? Date.now() }));
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
    if (wish.events) state.extra.push(...wish.events);
    if (wish.rate !== undefined) state.rate = wish.rate;
    if (wish.stats) state.stats = wish.stats;
    return response.end(json({ located: state.located }));
  }
  if (path === "/api/stats")
    return response.setHeader("content-type", "application/json").end(json({ started, events }));
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

new WebSocketServer({ server, path: "/api/live" }).on("connection", (socket) => {
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

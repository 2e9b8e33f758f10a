// A real socket.io-client, driven by a test: `node client.mjs URL OPTIONS`. Takes commands and says what happens,
// both as JSON, one a line. `again` are patterns that it subscribes to whenever it is connected, as docs/socket-io.md
// tells programs to.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

const [url, given] = process.argv.slice(2);
const { again = [], ...options } = JSON.parse(given ?? "{}");
const say = (kind, value) => console.log(JSON.stringify([kind, value ?? null]));

const socket = io(url, { reconnectionDelay: 50, reconnectionDelayMax: 200, ...options });
socket.on("connect", () => {
  say("connect", socket.id);
  if (again.length > 0) socket.emit("subscribe", again, (answer) => say("ack", answer));
});
socket.on("disconnect", (reason) => say("disconnect", reason));
socket.on("connect_error", (error) => say("connect_error", { message: error.message, data: error.data ?? null }));
socket.on("events", (events) => say("events", events));
socket.io.on("open", () => {
  const engine = socket.io.engine;
  say("transport", engine.transport.name);
  engine.on("upgrade", (transport) => say("transport", transport.name));
});

for await (const line of createInterface({ input: process.stdin })) {
  const [event, ...args] = JSON.parse(line);
  if (event === "close") socket.disconnect();
  else socket.emit(event, ...args, (answer) => say("ack", answer));
}
socket.disconnect();

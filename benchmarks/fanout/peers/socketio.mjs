// Socket.IO as its users use it: a room, and one emit of a binary payload to all who are in it.
// node socketio.mjs SIZE HZ

import { createServer } from "node:http";
import { Server } from "socket.io";
import { address, atEachBeat } from "./frames.mjs";

const http = createServer();
const io = new Server(http, { transports: ["websocket"], serveClient: false });

io.on("connection", (socket) => socket.on("watch", () => socket.join("everything")));
http.listen(address, () => console.log(http.address().port));
atEachBeat((payload) => io.to("everything").emit("frame", payload));

// What the peers in Node send: SIZE bytes that begin with the moment of sending, HZ times a second.

const [size, hz] = process.argv.slice(2).map(Number);
const filling = Buffer.from(Array.from({ length: size }, (_, i) => (i * 73) & 0xff));

/** Calls `send` with a new payload at every beat, for ever. */
export function atEachBeat(send) {
  setInterval(() => {
    const payload = Buffer.from(filling);
    payload.writeBigUInt64LE(process.hrtime.bigint());
    send(payload);
  }, 1000 / hz);
}

/** How a peer listens; it then prints its port. */
export const address = { host: "127.0.0.1", port: 0, backlog: 4096 };

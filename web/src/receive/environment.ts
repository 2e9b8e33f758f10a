import type { Environment, Refusal, Wire } from "./socket.ts";

/** The constructor of a WebSocket: the browser's and Node's own, or the `ws` package's. */
export type WebSocketClass = new (url: string, protocols?: string[]) => object;

export interface Reach {
  /** The token to show now, if any. */
  token?: () => string | null;
  WebSocket?: WebSocketClass;
}

/** What a token may be made of (it travels as a WebSocket's subprotocol): base64url and dots, as a JWT is. */
const TOKEN = /^[\w.~+-]+$/;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** The address of the live connection of the server at `base`, which may be that address already. Throws TypeError when it is none. */
export function liveUrl(base: string | URL): URL {
  const url = new URL(base);
  if (!/^(http|ws)s?:$/.test(url.protocol))
    throw new TypeError(`${url} can't be connected to: it is neither http(s) nor ws(s)`);
  url.protocol = url.protocol.replace("http", "ws");
  if (!url.pathname.endsWith("/api/live")) url.pathname = `${url.pathname.replace(/\/$/, "")}/api/live`;
  url.hash = "";
  return url;
}

/** A browser, or a program with a WebSocket, as the environment of a connection to `url` (of `/api/live`). */
export function reaching(url: URL, { token = () => null, WebSocket: Given }: Reach = {}): Environment {
  const Socket = Given ?? (globalThis.WebSocket as WebSocketClass | undefined);
  if (!Socket) throw new TypeError("there is no WebSocket here: give one, as {WebSocket} of the ws package");
  return {
    open() {
      const shown = token();
      const socket = (
        shown === null ? new Socket(url.href) : new Socket(url.href, ["dynmap", `bearer.${shown}`])
      ) as Wire & { binaryType: string; onerror: () => void };
      socket.binaryType = "arraybuffer";
      // What went wrong isn't told in a browser, and is not to end a program: the close that follows is enough.
      socket.onerror = () => {};
      return socket;
    },
    askWhy(answer) {
      whyRefused(url, token()).then(answer, () => answer(null));
    },
    now: () => Date.now(),
    random: () => Math.random(),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** Asks the server's statistics, which need the same token, for what a WebSocket's handshake keeps to itself. */
async function whyRefused(live: URL, token: string | null): Promise<Refusal | null> {
  const stats = new URL("stats", live);
  stats.protocol = live.protocol.replace("ws", "http");
  const response = await fetch(stats, bearing(token));
  if (response.status !== 401 && response.status !== 403) return null;
  const problem: unknown = await response.json().catch(() => null);
  const said = typeof problem === "object" && problem !== null && "message" in problem ? problem.message : null;
  return { status: response.status, message: typeof said === "string" ? said : "" };
}

/** A request that shows a token, if there is one. */
export function bearing(token: string | null): RequestInit {
  return token === null ? {} : { headers: { Authorization: `Bearer ${token}` } };
}

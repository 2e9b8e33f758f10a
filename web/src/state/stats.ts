import { bearing } from "../receive/environment.ts";
import { token } from "./token.ts";

/** The server's statistics, for whoever holds this page's token. */
export function askStats(): Promise<Response> {
  return fetch(new URL("api/stats", document.baseURI), bearing(token.peek()));
}

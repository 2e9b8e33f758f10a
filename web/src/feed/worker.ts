import { loadGazetteer } from "../places/gazetteer.ts";
import { ServerClock } from "../receive/clock.ts";
import { liveUrl, reaching } from "../receive/environment.ts";
import { Feed } from "./feed.ts";
import type { News, Order } from "./protocol.ts";

/** The worker that receives: whatever costs time happens here, so that the page's own thread can draw. */

let feed: Feed | null = null;
let token: string | null = null;

const post = (news: News, given: readonly ArrayBuffer[] = []) => postMessage(news, { transfer: [...given] });

function open({ live, base, every }: Extract<Order, { type: "open" }>): Feed {
  const environment = reaching(liveUrl(live), { token: () => token });
  const opened = new Feed(environment, new ServerClock(), every, post);
  loadGazetteer(base)
    .then((gazetteer) => {
      opened.lately.gazetteer = gazetteer;
    })
    .catch((error: unknown) => {
      opened.trouble(
        `The names of places can't be read (${String(error)}): the busiest are not told of. Reload this page.`,
      );
    });
  return opened;
}

addEventListener("message", ({ data: order }: MessageEvent<Order>) => {
  if (order.type === "open") feed = open(order);
  else {
    if (order.type === "begin") token = order.token;
    feed?.obey(order);
  }
});

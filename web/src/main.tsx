import "@fontsource-variable/inter/wght.css";
import "./view/panels/panels.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { expose } from "./handle.ts";
import { Page } from "./page.ts";
import { loadServerFacts } from "./state/facts.ts";
import * as store from "./state/store.ts";
import { followTheme } from "./state/theme.ts";
import { Panels } from "./view/panels/panels.tsx";
import { startScene } from "./view/scene.ts";

const live = new URL("api/live", document.baseURI);
live.protocol = live.protocol === "https:" ? "wss:" : "ws:";

followTheme();
const page = new Page(live.href);
const handle = expose(page);
render(<Panels page={page} />, document.getElementById("panels")!);
page.session.start();
// Once the server takes events in, it has opened its location table; after a restart that may be another one.
effect(() => {
  if (store.health.value === "live") void loadServerFacts();
});

startScene(page.layer, document.getElementById("map")!)
  .then((map) => {
    handle.map = map;
  })
  .catch((error: unknown) => {
    store.hasMap.value = false;
    console.error(error);
  });

// For tests and for whoever embeds the page: the map is drawn and the first step is counted.
effect(() => {
  if (store.mapLoaded.value && store.marks.value > 0) document.documentElement.dataset.ready = "true";
});

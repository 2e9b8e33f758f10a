import "@fontsource-variable/inter/wght.css";
import "./view/panels/panels.css";
import { effect } from "@preact/signals";
import { render } from "preact";
import { expose } from "./handle.ts";
import { Page } from "./page.ts";
import { loadServerFacts } from "./state/facts.ts";
import * as store from "./state/store.ts";
import { followTheme } from "./state/theme.ts";
import { followToken, token } from "./state/token.ts";
import { followMap } from "./view/map/area.ts";
import { Panels } from "./view/panels/panels.tsx";
import { startScene } from "./view/scene.ts";

followTheme();
followToken();
const page = new Page(new URL("api/live", document.baseURI));
const handle = expose(page);
render(<Panels page={page} />, document.getElementById("panels")!);
// With another token the page is another viewer: it starts anew, as it does with the first.
token.subscribe(() => page.begin());
// Once the server takes events in, it has opened its location table; after a restart that may be another one.
effect(() => {
  if (store.health.value === "live") void loadServerFacts();
});

startScene(page.layer, document.getElementById("map")!)
  .then((map) => {
    handle.map = map;
    followMap(map, (area) => page.look(area));
  })
  .catch((error: unknown) => {
    store.hasMap.value = false;
    console.error(error);
  });

// For tests and for whoever embeds the page: the map is drawn and the first step is counted.
effect(() => {
  if (store.mapLoaded.value && store.marks.value > 0) document.documentElement.dataset.ready = "true";
});

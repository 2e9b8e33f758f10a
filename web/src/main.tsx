import "@fontsource-variable/inter/wght.css";
import "./view/panels/panels.css";
import { effect, signal } from "@preact/signals";
import { render } from "preact";
import { actionsOf } from "./actions.ts";
import { startEmbed } from "./embed.ts";
import { expose } from "./handle.ts";
import { Kiosk } from "./kiosk.ts";
import { Page } from "./page.ts";
import { followAddress, openAddress } from "./state/addressbar.ts";
import { loadServerFacts } from "./state/facts.ts";
import { pageSettings } from "./state/settings.ts";
import * as store from "./state/store.ts";
import { followTheme } from "./state/theme.ts";
import { followToken, token } from "./state/token.ts";
import { settled } from "./state/view.ts";
import { Camera } from "./view/camera/camera.ts";
import { Follower } from "./view/camera/follower.ts";
import { followKeys } from "./view/camera/keys.ts";
import { followMap } from "./view/map/area.ts";
import { type Pointing, pointAt } from "./view/map/pointing.ts";
import { Panels } from "./view/panels/panels.tsx";
import { startScene } from "./view/scene.ts";

followTheme();
followToken();
openAddress();
const page = new Page(new URL("api/live", document.baseURI));
const handle = expose(page);
const camera = new Camera(page.layer);
const actions = actionsOf(camera, page.clock);
const kiosk = new Kiosk();
const embedMap = startEmbed(camera, {
  totals: () => handle.state().topics,
  around: (...place) => page.around(...place),
});
followKeys(actions);
const pointing = signal<Pointing | null>(null);
render(<Panels page={page} actions={actions} pointing={pointing} />, document.getElementById("panels")!);
// With another token the page is another viewer: it starts anew, as it does with the first.
token.subscribe(() => page.begin());
// Once the server takes events in, it has opened its location table; after a restart that may be another one.
effect(() => {
  if (store.health.value === "live") void loadServerFacts();
});

void pageSettings().then(({ home }) => {
  store.home.value = home;
});
startScene(page.layer, document.getElementById("map")!)
  .then((map) => {
    handle.map = map;
    camera.start(map);
    new Follower(camera, map);
    kiosk.watch(map);
    pointing.value = pointAt(map);
    followMap(map, {
      look(area) {
        store.partly.value = area !== null;
        camera.seesWorld = area === null;
        page.look(area);
      },
      see: (bounds) => page.see(bounds),
    });
    followAddress(map, () => camera.go());
    embedMap(map);
  })
  .catch((error: unknown) => {
    store.hasMap.value = false;
    followAddress(null, () => undefined);
    console.error(error);
  });

// For tests and for whoever embeds the page: the map is drawn where it stays, and the first step is counted.
effect(() => {
  if (store.mapLoaded.value && settled.value && store.marks.value > 0) document.documentElement.dataset.ready = "true";
});

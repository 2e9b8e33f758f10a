import type { Signal } from "@preact/signals";
import type { Actions } from "../../actions.ts";
import { health } from "../../state/store.ts";
import { overlay } from "../../state/view.ts";
import { isRoomy } from "../../state/window.ts";
import type { Pointing } from "../map/pointing.ts";
import { Badge } from "./badge.tsx";
import { Busiest } from "./busiest.tsx";
import { Controls } from "./controls.tsx";
import { Details } from "./details.tsx";
import { Footer } from "./footer.tsx";
import { Help } from "./help.tsx";
import { Legend } from "./legend.tsx";
import { Logo } from "./logo.tsx";
import { Messages } from "./messages.tsx";
import type { Page } from "./ports.ts";
import { Search } from "./search.tsx";
import { Recording } from "./share.tsx";
import { Tabs } from "./tabs.tsx";
import { Ticker } from "./ticker.tsx";
import { Total } from "./total.tsx";

interface Props {
  page: Page;
  actions: Actions;
  /** Null until the map is there. */
  pointing: Signal<Pointing | null>;
}

/** Everything around the map. */
export function Panels({ page, actions, pointing }: Props) {
  const ticker = <Ticker page={page} actions={actions} />;
  const legend = <Legend page={page} />;
  const busiest = <Busiest actions={actions} />;
  return (
    <>
      <header class={`head ${health.value}`}>
        <h1 class="brand">
          <Logo />
          DynMap
        </h1>
        <Badge onRetry={() => page.retry()} />
      </header>
      <Total />
      <Controls actions={actions} />
      {isRoomy.value ? (
        <>
          {legend}
          <aside class="right">
            {ticker}
            {busiest}
          </aside>
        </>
      ) : (
        <Tabs
          tabs={[
            { id: "topics", label: "Topics", content: () => legend },
            { id: "latest", label: "Latest", content: () => ticker },
            { id: "busiest", label: "Busiest", content: () => busiest },
          ]}
        />
      )}
      <Messages />
      <Recording actions={actions} />
      <Footer page={page} />
      <Details page={page} pointing={pointing} />
      {overlay.value === "search" && <Search actions={actions} />}
      {overlay.value === "help" && <Help />}
    </>
  );
}

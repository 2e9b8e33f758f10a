import type { Page } from "../../page.ts";
import { Badge } from "./badge.tsx";
import { Controls } from "./controls.tsx";
import { Footer } from "./footer.tsx";
import { Legend } from "./legend.tsx";
import { Logo } from "./logo.tsx";
import { Messages } from "./messages.tsx";
import { Total } from "./total.tsx";

/** Everything around the map. */
export function Panels({ page }: { page: Page }) {
  return (
    <>
      <header class="head">
        <h1 class="brand">
          <Logo />
          DynMap
        </h1>
        <Badge onRetry={() => page.session.retry()} />
      </header>
      <Total />
      <Controls />
      <Legend page={page} />
      <Messages />
      <Footer clock={page.clock} />
    </>
  );
}

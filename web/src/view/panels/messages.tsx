import { useSignal } from "@preact/signals";
import { notice } from "../../state/notice.ts";
import { basemapTrouble, hasMap, health, located, notices, sources, tray, trouble } from "../../state/store.ts";
import { Cross } from "./icons.tsx";

/** What somebody should read: notices of the server, trouble of this page, and what to do while nothing happens. */
export function Messages() {
  const dismissed = useSignal<ReadonlySet<string>>(new Set());
  const own = [trouble.value, notice.value].filter((text) => text !== null);
  const all = [...notices.value, ...own, ...basemapTrouble.value];
  const shown = all.filter((text) => !dismissed.value.has(text));
  return (
    <div class="messages" role="status">
      {shown.map((text) => (
        <div class="notice" key={text}>
          <p>{text}</p>
          <button
            type="button"
            aria-label="Dismiss"
            onClick={() => {
              if (notice.value === text) notice.value = null;
              else dismissed.value = new Set(dismissed.value).add(text);
            }}
          >
            <Cross />
          </button>
        </div>
      ))}
      {!hasMap.value && <NoMap />}
      {hasMap.value && health.value === "live" && tray.value.received === 0 && located.value === 0 && <Waiting />}
    </div>
  );
}

function NoMap() {
  return (
    <div class="card">
      <h2>The map can't be drawn here</h2>
      <p>
        This browser offers no WebGL2, which the map is drawn with: it may be switched off, or the graphics driver may
        be blocked. The numbers are live all the same.
      </p>
    </div>
  );
}

function Waiting() {
  return (
    <div class="card">
      <h2>Waiting for the first event</h2>
      <p>It will light up on the map a fraction of a second after it arrives.</p>
      {sources.value.length > 0 && (
        <ul class="sources">
          {sources.value.map(({ name, kind, state, detail }) => (
            <li key={`${kind} ${name}`}>
              <b>{name}</b> {kind === name ? "" : kind} · {detail || state}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

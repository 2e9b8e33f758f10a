import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { full, short } from "../../state/format.ts";
import { tray } from "../../state/store.ts";
import { loadWhy, type Why } from "../../state/why.ts";
import { Popover } from "./popover.tsx";

/** Lines that are shown as examples. */
const EXAMPLES = 4;

/** What is counted and not on the map; opened, it says why. */
export function Tray() {
  const { unlocated, rejected } = tray.value;
  return (
    <Popover
      id="tray"
      class="tray"
      at="bottom-left"
      label="Why not on the map"
      button={
        <>
          <span>
            Without a place <b>{short(unlocated)}</b>
          </span>
          <span>
            Rejected <b>{short(rejected)}</b>
          </span>
        </>
      }
    >
      {() => <Reasons />}
    </Popover>
  );
}

function Reasons() {
  const why = useSignal<Why | null>(null);
  const trouble = useSignal("");
  const { received, unlocated, rejected } = tray.value;
  useEffect(() => {
    loadWhy()
      .then((answer) => {
        why.value = answer;
      })
      .catch((error: Error) => {
        trouble.value = error.message;
      });
  }, [why, trouble]);
  return (
    <div class="why">
      <h2>Not on the map</h2>
      <p>Of {full(received)} events since the server started:</p>
      <h3>
        Without a place <b>{full(unlocated)}</b>
      </h3>
      <p>Counted, but nobody knows where: private addresses, and those that the location table doesn't know.</p>
      <h3>
        Rejected <b>{full(rejected)}</b>
      </h3>
      <p>Lines that could not be understood.</p>
      {trouble.value && <p role="alert">{trouble.value}</p>}
      {why.value && <Known {...why.value} />}
    </div>
  );
}

function Known({ reasons, examples }: Why) {
  return (
    <>
      {reasons.length > 0 && (
        <dl>
          {reasons.map(({ reason, count }) => (
            <div key={reason}>
              <dt>{reason}</dt>
              <dd>{full(count)}</dd>
            </div>
          ))}
        </dl>
      )}
      {examples.length > 0 && (
        <ul aria-label="The last rejected lines, addresses masked">
          {examples.slice(0, EXAMPLES).map(({ reason, line }, i) => (
            <li key={i} title={reason}>
              <code>{line}</code>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

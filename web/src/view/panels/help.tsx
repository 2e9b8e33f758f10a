import { close, Dialog } from "./dialog.tsx";
import { Cross } from "./icons.tsx";

/** A key, or several, and what they do. */
export interface Shortcut {
  keys: readonly string[];
  what: string;
}

/** What the keyboard does. */
export function Help({ keys }: { keys: readonly Shortcut[] }) {
  return (
    <Dialog label="Keyboard" class="help">
      <header>
        <h2>Keyboard</h2>
        <button type="button" class="icon" aria-label="Close" onClick={close}>
          <Cross />
        </button>
      </header>
      <dl>
        {keys.map(({ keys: names, what }) => (
          <div key={what}>
            <dt>
              {names.map((name) => (
                <kbd key={name}>{name}</kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}

import { KEYS } from "../camera/keys.ts";
import { close, Dialog } from "./dialog.tsx";
import { Cross } from "./icons.tsx";

/** What the keyboard does. */
export function Help() {
  return (
    <Dialog label="Keyboard" class="help">
      <header>
        <h2>Keyboard</h2>
        <button type="button" class="icon" aria-label="Close" onClick={close}>
          <Cross />
        </button>
      </header>
      <dl tabIndex={0} aria-label="Keys">
        {KEYS.map(({ keys: names, what }) => (
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

import type { ComponentChildren } from "preact";

interface Props {
  label: string;
  /** Does the same on the keyboard. */
  shortcut?: string | undefined;
  /** Of what is on or off. */
  pressed?: boolean | undefined;
  onClick: () => void;
  children: ComponentChildren;
}

/** A button that is an icon, with its name and key beneath while it is pointed at. */
export function IconButton({ label, shortcut, pressed, onClick, children }: Props) {
  return (
    <button
      type="button"
      class="icon"
      aria-label={label}
      aria-pressed={pressed}
      aria-keyshortcuts={shortcut}
      onClick={onClick}
    >
      {children}
      <Tip label={label} shortcut={shortcut} />
    </button>
  );
}

export function Tip({ label, shortcut }: Pick<Props, "label" | "shortcut">) {
  return (
    <span class="tip" aria-hidden="true" data-key={shortcut}>
      {label}
    </span>
  );
}

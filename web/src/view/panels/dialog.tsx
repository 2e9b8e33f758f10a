import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { overlay } from "../../state/view.ts";

/** Lies over the page and has the keyboard, until Escape or a press beside it; then the keyboard is where it was. */
export function Dialog({
  label,
  class: kind,
  children,
}: {
  label: string;
  class: string;
  children: ComponentChildren;
}) {
  const element = useRef<HTMLDialogElement>(null);
  const isOpen = useRef(true);
  useEffect(() => {
    const dialog = element.current!;
    const before = document.activeElement;
    dialog.showModal();
    return () => {
      isOpen.current = false;
      dialog.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape does the same
    <dialog
      ref={element}
      class={`overlay ${kind}`}
      aria-label={label}
      onClose={() => {
        // Word of a closing comes late: by then another dialog may be open, which is not to close.
        if (isOpen.current) close();
      }}
      onClick={(event) => {
        if (event.target === element.current) close();
      }}
    >
      {children}
    </dialog>
  );
}

export function close(): void {
  overlay.value = null;
}

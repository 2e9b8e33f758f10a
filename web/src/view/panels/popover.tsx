import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useEscape } from "./escape.ts";

interface Props {
  id: string;
  /** Says what is in it. */
  label: string;
  /** Of the button. */
  class: string;
  /** Where it opens, a class of popover.css. */
  at: "top-right" | "bottom-left" | "above";
  button: ComponentChildren;
  buttonLabel?: string;
  /** Made when it opens; `close` gives the keyboard back to the button. */
  children: (close: () => void) => ComponentChildren;
}

/** A button, and what it opens beside itself: until Escape, a press elsewhere, or a choice. */
export function Popover({ id, label, class: kind, at, button, buttonLabel, children }: Props) {
  const isOpen = useSignal(false);
  const box = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    box.current?.hidePopover();
    opener.current?.focus();
  };
  useEscape(isOpen.value, close);
  return (
    <>
      <button
        ref={opener}
        type="button"
        class={kind}
        popovertarget={id}
        aria-label={buttonLabel}
        aria-haspopup="dialog"
      >
        {button}
      </button>
      <div
        ref={box}
        id={id}
        popover="auto"
        class={`pop ${at}`}
        role="dialog"
        aria-label={label}
        onToggle={(event) => {
          isOpen.value = event.newState === "open";
        }}
      >
        {isOpen.value && children(close)}
      </div>
    </>
  );
}

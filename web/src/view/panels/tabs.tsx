import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { useEscape } from "./escape.ts";

interface Tab {
  id: string;
  label: string;
  content: () => ComponentChildren;
}

/** Where there is no room for columns: a bar whose tabs open what they name, and close it when pressed again. */
export function Tabs({ tabs }: { tabs: readonly Tab[] }) {
  const open = useSignal<string | null>(null);
  const bar = useRef<HTMLDivElement>(null);
  useEscape(open.value !== null, () => {
    bar.current?.querySelector<HTMLElement>("[aria-selected=true]")?.focus();
    open.value = null;
  });
  const shown = tabs.find(({ id }) => id === open.value);
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (by === undefined) return;
    const buttons = [...bar.current!.children] as HTMLElement[];
    const at = buttons.indexOf(event.target as HTMLElement);
    buttons[(at + by + buttons.length) % buttons.length]!.focus();
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    <section class="sheet" aria-label="Panels">
      {shown && (
        <div class="sheet-content" id="sheet" role="tabpanel" aria-labelledby={`tab-${shown.id}`}>
          {shown.content()}
        </div>
      )}
      <div class="bar" role="tablist" aria-label="Panels" ref={bar} onKeyDown={onKeyDown}>
        {tabs.map(({ id, label }, i) => {
          const isOpen = id === open.value;
          return (
            <button
              key={id}
              id={`tab-${id}`}
              type="button"
              role="tab"
              aria-selected={isOpen}
              aria-controls={isOpen ? "sheet" : undefined}
              tabIndex={isOpen || (open.value === null && i === 0) ? 0 : -1}
              onClick={() => {
                open.value = isOpen ? null : id;
              }}
            >
              {label}
            </button>
          );
        })}
      </div>
    </section>
  );
}

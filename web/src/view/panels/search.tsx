import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Actions } from "../../actions.ts";
import type { Found } from "../../places/search.ts";
import { country } from "../../state/format.ts";
import { close, Dialog } from "./dialog.tsx";
import { find } from "./find.ts";
import { Search as Glass } from "./icons.tsx";

/** A city or country by its name; Enter goes there. */
export function Search({ actions }: { actions: Actions }) {
  const text = useSignal("");
  const found = useSignal<readonly Found[]>([]);
  const at = useSignal(0);
  const trouble = useSignal("");
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let isLatest = true;
    find(text.value)
      .then((places) => {
        if (!isLatest) return;
        found.value = places;
        at.value = 0;
      })
      .catch(() => {
        trouble.value = "The names of places can't be loaded: is the server there?";
      });
    return () => {
      isLatest = false;
    };
  }, [text.value]);
  const go = (place: Found | undefined) => {
    if (!place) return;
    close();
    actions.flyTo(place.lon, place.lat, place.zoom);
  };
  const move = (by: number) => {
    const n = found.value.length;
    at.value = n === 0 ? 0 : (at.value + by + n) % n;
    list.current?.children[at.value]?.scrollIntoView({ block: "nearest" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") move(1);
    else if (event.key === "ArrowUp") move(-1);
    else if (event.key === "Enter" && !event.isComposing) go(found.value[at.value]);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog label="Search" class="search">
      <div class="field">
        <Glass />
        <input
          autofocus
          type="text"
          role="combobox"
          placeholder="City or country"
          aria-label="City or country"
          aria-expanded={found.value.length > 0}
          aria-controls="found"
          aria-autocomplete="list"
          aria-activedescendant={found.value.length > 0 ? `found-${at.value}` : undefined}
          autocomplete="off"
          spellcheck={false}
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
          }}
          onKeyDown={onKeyDown}
        />
        <kbd>esc</kbd>
      </div>
      <div id="found" role="listbox" aria-label="Places" ref={list}>
        {found.value.map((place, i) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keyboard, by the combobox pattern
          // biome-ignore lint/a11y/useFocusableInteractive: likewise
          <div
            key={`${place.kind} ${place.lon} ${place.lat}`}
            id={`found-${i}`}
            role="option"
            aria-selected={i === at.value}
            onMouseMove={() => {
              at.value = i;
            }}
            onClick={() => go(place)}
          >
            <b>{place.name}</b>
            <span>{kindOf(place)}</span>
          </div>
        ))}
      </div>
      {text.value.trim() !== "" && found.value.length === 0 && (
        <p class="hint" role="status">
          {trouble.value || "No city or country of that name is known here."}
        </p>
      )}
    </Dialog>
  );
}

function kindOf({ kind, country: code }: Found): string {
  return kind === "country" ? "Country" : country(code);
}

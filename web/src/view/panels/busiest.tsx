import { computed, useSignal } from "@preact/signals";
import type { Actions } from "../../actions.ts";
import { country, short, span } from "../../state/format.ts";
import { busiest, partly, type Ranked, windowHeight } from "../../state/store.ts";
import { projection } from "../../state/view.ts";
import { Segments } from "./segments.tsx";

/** Lines, with what the ticker above them leaves. */
const room = computed(() => Math.max(3, Math.min(8, Math.floor((windowHeight.value - ROOM_FOR_OTHERS) / ROW_HEIGHT))));
const ROOM_FOR_OTHERS = 580;
const ROW_HEIGHT = 27;

const KINDS = [
  { value: "countries", label: "Countries" },
  { value: "places", label: "Places" },
] as const;
const ZOOM = { countries: 3.6, places: 8 } as const;

/** Where most happened in the last minutes; a press goes there. Of what is in view, when that is less than the world. */
export function Busiest({ actions }: { actions: Actions }) {
  const kind = useSignal<"countries" | "places">("countries");
  const { seconds } = busiest.value;
  const ranked = busiest.value[kind.value].slice(0, room.value);
  if (busiest.value.countries.length === 0 && busiest.value.places.length === 0) return null;
  const most = ranked[0]?.count ?? 1;
  return (
    <section class={`busiest ${projection.value}`} aria-label="Busiest countries and places">
      <header>
        <h2>
          Busiest
          <small>
            last {span(seconds)}
            {partly.value && ", in view"}
          </small>
        </h2>
        <Segments
          label="Busiest"
          options={KINDS}
          value={kind.value}
          onPick={(picked) => {
            kind.value = picked;
          }}
        />
      </header>
      <ol>
        {ranked.map((one) => (
          <li key={`${one.country} ${one.name}`}>
            <button
              type="button"
              style={{ "--part": one.count / most }}
              title={titleOf(one, kind.value)}
              onClick={() => actions.flyTo(one.lon, one.lat, ZOOM[kind.value])}
            >
              <span class="name">{nameOf(one, kind.value)}</span>
              <span class="count">{short(one.count)}</span>
            </button>
          </li>
        ))}
      </ol>
    </section>
  );
}

function nameOf({ name, country: code }: Ranked, kind: "countries" | "places"): string {
  return kind === "countries" ? country(code) || "At sea" : name;
}

function titleOf(one: Ranked, kind: "countries" | "places"): string {
  const whose = kind === "places" && one.country ? `, ${country(one.country)}` : "";
  return `Go to ${nameOf(one, kind)}${whose}`;
}

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { country, full, position } from "../../state/format.ts";
import { cssOf } from "../../state/palette.ts";
import { type Around, theme } from "../../state/store.ts";
import type { Pointing, Spot } from "../map/pointing.ts";
import { beside } from "./beside.ts";
import { useEscape } from "./escape.ts";
import type { Page } from "./ports.ts";
import { useSecond } from "./second.ts";
import { Sparkline } from "./sparkline.tsx";

/** How far around a point counts as there, CSS pixels. */
const REACH = 14;
const TOPICS = 5;

interface Props {
  page: Page;
  pointing: Pointing;
}

/** What happened at the glow that somebody points at; while the keyboard is at the map, the cross that it points with. */
export function Details({ page, pointing }: { page: Page; pointing: Signal<Pointing | null> }) {
  return pointing.value && <Pointed page={page} pointing={pointing.value} />;
}

function Pointed({ page, pointing }: Props) {
  const spot = useSignal<Spot | null>(null);
  const isAiming = useSignal(false);
  useEffect(() => {
    const ends = [
      pointing.onRest((at) => {
        spot.value = at;
      }),
      pointing.onAim((aiming) => {
        isAiming.value = aiming;
      }),
    ];
    return () => {
      for (const end of ends) end();
    };
  }, [pointing, spot, isAiming]);
  useEscape(spot.value !== null, () => {
    spot.value = null;
  });
  return (
    <>
      {isAiming.value && <Cross pointing={pointing} />}
      {spot.value && (
        <Card key={`${spot.value.lon} ${spot.value.lat}`} spot={spot.value} page={page} pointing={pointing} />
      )}
    </>
  );
}

function Cross({ pointing }: { pointing: Pointing }) {
  const element = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const place = () => {
      const at = pointing.project(pointing.middle());
      if (at && element.current) element.current.style.translate = `${at[0]}px ${at[1]}px`;
    };
    place();
    return pointing.onMove(place);
  }, [pointing]);
  return <div class="cross" ref={element} aria-hidden="true" />;
}

function Card({ spot, page, pointing }: Props & { spot: Spot }) {
  theme.value; // Colours follow the theme.
  const around = useSignal<Around | null>(null);
  const element = useRef<HTMLDivElement>(null);
  useSecond(() => {
    page
      .around(spot.lon, spot.lat, pointing.degrees(REACH))
      .then((answer) => {
        around.value = answer;
      })
      .catch(console.error);
  }, [spot]);
  useLayoutEffect(() => {
    const place = () => {
      if (element.current) put(element.current, pointing.project(spot));
    };
    place();
    return pointing.onMove(place);
  });
  const known = around.value;
  // A mouse rests in many places: only where something is does the page speak.
  if (!known || (known.count === 0 && spot.by === "mouse")) return null;
  const place = known.place || country(known.country) || position(spot.lon, spot.lat);
  return (
    <div class="details" ref={element} role="status" aria-live={spot.by === "mouse" ? "off" : "polite"}>
      <h2>{place}</h2>
      <p>{known.place && known.country ? country(known.country) : position(spot.lon, spot.lat)}</p>
      {known.count === 0 ? (
        <p class="none">Nothing in the last minute</p>
      ) : (
        <>
          <ul>
            {known.topics.slice(0, TOPICS).map(({ name, slot, count }) => (
              <li key={slot} style={{ "--topic": cssOf(page.colour(slot)) }}>
                <i class="dot" aria-hidden="true" />
                <span>{name}</span>
                <b>{full(count)}</b>
              </li>
            ))}
            {known.topics.length > TOPICS && <li class="rest">and {known.topics.length - TOPICS} more topics</li>}
          </ul>
          <Sparkline
            values={() => around.value?.seconds ?? []}
            colour={cssOf(page.colour(known.topics[0]?.slot ?? 0))}
            width={196}
            height={30}
          />
          <p class="minute">
            <b>{full(known.count)}</b> in the last minute
          </p>
        </>
      )}
    </div>
  );
}

/** Puts the card beside its point, or out of sight when the point is. */
function put(card: HTMLElement, at: readonly [number, number] | null): void {
  card.hidden = at === null;
  if (!at) return;
  const [x, y] = beside(at, [card.offsetWidth, card.offsetHeight], [innerWidth, innerHeight]);
  card.style.translate = `${x}px ${y}px`;
}

import type { ComponentChildren } from "preact";

/** Line icons, 16 pixels. */

function Lines({ children }: { children: ComponentChildren }) {
  return (
    <svg
      class="line-icon"
      viewBox="0 0 16 16"
      fill="none"
      stroke="currentColor"
      stroke-width="1.4"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  );
}

const drawn = (d: string) => () => (
  <Lines>
    <path d={d} />
  </Lines>
);

export const Moon = drawn("M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z");
export const Corners = drawn("M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10");
export const Flame = drawn(
  "M8 1.8c.4 2.3 3.9 3.9 3.9 7.7a3.9 3.9 0 0 1-7.8 0c0-1.6.8-2.6 1.6-3.4.1 1 .6 1.6 1.2 1.7C6.6 5.6 7.3 3.4 8 1.800Z",
);
export const Search = drawn("M7 11.700A4.7 4.7 0 1 0 7 2.300a4.7 4.7 0 0 0 0 9.400ZM10.5 10.5 14 14");
export const Share = drawn("M8 9.500V1.900M5.2 4.5 8 1.700l2.8 2.800M4.8 7H3.300v7h9.400V7h-1.5");
export const Link = drawn(
  "M6.8 9.200a2.6 2.6 0 0 0 3.7 0l2.3-2.300a2.6 2.6 0 0 0-3.7-3.700L8.3 4M9.2 6.800a2.6 2.6 0 0 0-3.7 0L3.2 9.100a2.6 2.6 0 0 0 3.7 3.700l.8-.8",
);
export const Picture = drawn("M2 3.500h12v9H2zM2 10.500l3.5-3 3 2.7 2-1.7 3.5 3M10.5 6h.01");
export const Clip = drawn("M1.8 4.500h8.700v7H1.800zM10.5 7.200l3.7-2v5.600l-3.7-2");
export const Arc = drawn("M2 12.500C3 5.5 12 3.5 13 9.500M13 12.500h.01M2 12.500h.01");
export const Chevron = drawn("M6 3.5 10.5 8 6 12.5");
export const Cross = drawn("M4 4l8 8M12 4l-8 8");
export const Tick = drawn("M3 8.5 6.5 12 13 4.5");

export function Sun() {
  return (
    <Lines>
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.3v1.4M8 13.3v1.4M1.3 8h1.4M13.3 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M12.7 3.3l-1 1M4.3 11.700l-1 1" />
    </Lines>
  );
}

/** Points alone. */
export function Points() {
  return (
    <Lines>
      <circle cx="5" cy="5.5" r="2" />
      <circle cx="11" cy="10" r="2.6" />
      <path d="M11.5 3.500h.01M4.5 11.500h.01" stroke-width="2" />
    </Lines>
  );
}

/** Points in a heat. */
export function Both() {
  return (
    <Lines>
      <circle cx="8" cy="8" r="1.5" />
      <circle cx="8" cy="8" r="6" stroke-dasharray="2.2 2.5" />
    </Lines>
  );
}

/** The map goes by itself. */
export function Compass() {
  return (
    <Lines>
      <circle cx="8" cy="8" r="6.2" />
      <path d="m10.5 5.5-1.4 3.6-3.6 1.4 1.4-3.600z" />
    </Lines>
  );
}

export function Question() {
  return (
    <Lines>
      <circle cx="8" cy="8" r="6.2" />
      <path d="M6.3 6.300a1.8 1.8 0 1 1 2.5 1.700c-.5.2-.8.6-.8 1.100M8 11.300h.01" />
    </Lines>
  );
}

export function Dots() {
  return (
    <Lines>
      <path d="M3.5 8h.01M8 8h.01M12.5 8h.01" stroke-width="2.2" />
    </Lines>
  );
}

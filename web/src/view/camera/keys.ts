import { type Actions, toggleKiosk } from "../../actions.ts";
import * as store from "../../state/store.ts";
import { toggleTheme } from "../../state/theme.ts";
import { type Branch, TopicTree, toggled } from "../../state/tree.ts";
import * as view from "../../state/view.ts";
import { MODES } from "../../state/view.ts";

/** CSS pixels that an arrow moves the map. */
const PAN = 120;
/** Topics that have a key. */
const NUMBERED = 9;

export interface Key {
  /** As help shows them. */
  keys: readonly string[];
  what: string;
  /** Names of keys, as `KeyboardEvent.key` says them, in small letters; a digit's place for `digit`. */
  on: readonly string[];
  run(actions: Actions, pressed: Pressed): void;
}

/** What was pressed: `digit` is 1 to 9 by the key's place, whatever Shift makes of it. */
export interface Pressed {
  key: string;
  shift: boolean;
  digit: number | null;
}

/** All that the keyboard does. */
export const KEYS: readonly Key[] = [
  {
    keys: ["←", "→", "↑", "↓"],
    what: "Move the map",
    on: ["arrowleft", "arrowright", "arrowup", "arrowdown"],
    run: (actions, { key }) => actions.panBy(...ARROWS[key]!),
  },
  { keys: ["+"], what: "Zoom in", on: ["+", "="], run: (actions) => actions.zoomBy(1) },
  { keys: ["-"], what: "Zoom out", on: ["-", "_"], run: (actions) => actions.zoomBy(-1) },
  { keys: ["0", "F"], what: "Fit the map to where it is busy", on: ["0", "f"], run: (actions) => actions.fit() },
  { keys: ["G"], what: "Globe or flat map", on: ["g"], run: () => flip() },
  { keys: ["M"], what: "Points, heat or both", on: ["m"], run: () => nextMode() },
  { keys: ["T"], what: "Dark or light", on: ["t"], run: () => toggleTheme() },
  { keys: ["A"], what: "Arcs to the home", on: ["a"], run: () => toggle(view.arcs) },
  { keys: ["O"], what: "Follow where it is busy", on: ["o"], run: () => toggle(view.following) },
  {
    keys: ["1 … 9"],
    what: "Show or hide the first topics",
    on: ["digit"],
    run: (_, { digit, shift }) => topic(digit!, shift),
  },
  { keys: ["Shift", "1 … 9"], what: "Only one of the first topics", on: [], run: () => undefined },
  // Of the map alone, when it has the focus: `view/map/pointing.ts` sees to it.
  { keys: ["Enter"], what: "What happened in the middle of the map", on: [], run: () => undefined },
  { keys: ["E"], what: "Every topic again", on: ["e"], run: () => everyTopic() },
  { keys: ["/"], what: "Search a city or a country", on: ["/"], run: () => open("search") },
  { keys: ["L"], what: "Copy a link to this view", on: ["l"], run: (actions) => void actions.copyLink() },
  { keys: ["P"], what: "Save a picture", on: ["p"], run: (actions) => void actions.savePicture() },
  { keys: ["R"], what: "Record a clip, or end it", on: ["r"], run: (actions) => void actions.toggleClip() },
  { keys: ["W"], what: "Fill the screen", on: ["w"], run: (actions) => actions.toggleFullScreen() },
  { keys: ["K"], what: "Kiosk, for a wall", on: ["k"], run: () => toggleKiosk() },
  { keys: ["?"], what: "This help", on: ["?", "h"], run: () => open("help") },
  { keys: ["Esc"], what: "Close, or leave the kiosk", on: ["escape"], run: () => leave() },
];

const BY_NAME = new Map(KEYS.flatMap((key) => key.on.map((name) => [name, key] as const)));

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  arrowleft: [-PAN, 0],
  arrowright: [PAN, 0],
  arrowup: [0, -PAN],
  arrowdown: [0, PAN],
};

/** What the key is for; null where it is for the browser, or for what has the focus. */
export function keyOf(event: KeyboardEvent): { key: Key; pressed: Pressed } | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return null;
  const target = event.target as Element | null;
  if (isTyping(target)) return null;
  const digit = digitOf(event);
  const pressed = { key: event.key.toLowerCase(), shift: event.shiftKey, digit };
  const key = BY_NAME.get(digit === null ? pressed.key : "digit");
  if (!key || (isOverlaid() && key.on[0] !== "escape")) return null;
  if (pressed.key in ARROWS && !isMap(target)) return null;
  return { key, pressed };
}

/** Keys do what the table says from now on. Returns how to end that. */
export function followKeys(actions: Actions): () => void {
  const press = (event: KeyboardEvent) => {
    const found = keyOf(event);
    if (!found) return;
    event.preventDefault();
    event.stopPropagation();
    found.key.run(actions, found.pressed);
  };
  // Before MapLibre sees it, which would move the map by the same arrow once more.
  document.addEventListener("keydown", press, { capture: true });
  return () => document.removeEventListener("keydown", press, { capture: true });
}

function digitOf({ code, key }: KeyboardEvent): number | null {
  const [, place] = /^(?:Digit|Numpad)([1-9])$/.exec(code) ?? [];
  if (place === undefined) return null;
  // With its lock off, the number pad has arrows on it.
  return code.startsWith("Numpad") && key !== place ? null : Number(place);
}

function isTyping(target: Element | null): boolean {
  return target?.closest?.("input, textarea, select, [contenteditable], [role=listbox]") != null;
}

/** Arrows elsewhere scroll, and go from one entry to the next. */
function isMap(target: Element | null): boolean {
  return target === null || ["CANVAS", "BODY", "HTML"].includes(target.tagName);
}

function isOverlaid(): boolean {
  return view.overlay.peek() !== null;
}

function toggle(signal: { value: boolean }): void {
  signal.value = !signal.value;
}

function flip(): void {
  view.projection.value = view.projection.peek() === "globe" ? "flat" : "globe";
}

function nextMode(): void {
  view.mode.value = MODES[(MODES.indexOf(view.mode.peek()) + 1) % MODES.length]!;
}

function open(overlay: view.Overlay): void {
  view.overlay.value = overlay;
}

/** The first topics as the legend has them. */
export function firstTopics(rows: readonly store.TopicRow[]): Branch[] {
  const tree = new TopicTree();
  tree.update(rows);
  return tree.lines(() => false, NUMBERED).map(({ branch }) => branch);
}

function topic(digit: number, alone: boolean): void {
  const branch = firstTopics(store.topics.peek())[digit - 1];
  if (branch === undefined) return;
  if (alone) view.solo.value = view.solo.peek() === branch.name ? null : branch.name;
  else view.hidden.value = toggled(view.hidden.peek(), branch);
}

function everyTopic(): void {
  view.hidden.value = new Set();
  view.solo.value = null;
}

function leave(): void {
  if (view.overlay.peek() !== null) view.overlay.value = null;
  else if (view.kiosk.peek()) toggleKiosk();
}

import { beforeEach, describe, expect, it, test, vi } from "vitest";
import type { Actions } from "../../actions.ts";

vi.stubGlobal("matchMedia", () => ({ matches: false, addEventListener: () => undefined }));
vi.stubGlobal("innerHeight", 900);
vi.stubGlobal("addEventListener", () => undefined);
vi.stubGlobal("document", { body: { tagName: "BODY" } });
const store = await import("../../state/store.ts");
const view = await import("../../state/view.ts");
const { chosenTheme } = await import("../../state/theme.ts");
const { KEYS, firstTopics, keyOf } = await import("./keys.ts");

const row = (name: string, count: number, slot = 0) => ({ slot, name, count, rate: 0 });
const calls: string[] = [];
const actions = new Proxy({} as Actions, {
  get:
    (_, name: string) =>
    (...given: number[]) =>
      void calls.push(`${name}(${given.join(",")})`),
});

function press(key: string, more: Partial<KeyboardEvent> = {}): boolean {
  const event = {
    key,
    code: "",
    target: { tagName: "BODY", closest: () => null },
    ...more,
  } as unknown as KeyboardEvent;
  const found = keyOf(event);
  found?.key.run(actions, found.pressed);
  return found !== null;
}

beforeEach(() => {
  calls.length = 0;
  view.overlay.value = null;
  view.hidden.value = new Set();
  view.solo.value = null;
  view.kiosk.value = view.following.value = view.arcs.value = false;
  store.topics.value = [row("web.bot", 5), row("mail", 7), row("web", 4)];
});

describe("keys", () => {
  test.each([
    ["ArrowLeft", "panBy(-120,0)"],
    ["ArrowDown", "panBy(0,120)"],
    ["+", "zoomBy(1)"],
    ["=", "zoomBy(1)"],
    ["-", "zoomBy(-1)"],
    ["0", "fit()"],
    ["F", "fit()"],
    ["f", "fit()"],
    ["l", "copyLink()"],
    ["p", "savePicture()"],
    ["r", "toggleClip()"],
    ["w", "toggleFullScreen()"],
  ])("%s does %s", (key, call) => {
    expect(press(key)).toBe(true);
    expect(calls).toEqual([call]);
  });

  it("look at the map otherwise", () => {
    press("g");
    expect(view.projection.value).toBe("flat");
    press("g");
    expect(view.projection.value).toBe("globe");
    const modes = [0, 1, 2].map(() => press("m") && view.mode.value);
    expect(modes).toEqual(["points", "heat", "both"]);
    press("t");
    expect(chosenTheme.value).toBe("light");
    press("a");
    press("o");
    expect([view.arcs.value, view.following.value]).toEqual([true, true]);
  });

  it("show, hide and single out topics as the legend has them", () => {
    expect(firstTopics(store.topics.value).map(({ name }) => name)).toEqual(["web", "mail"]);
    press("1", { code: "Digit1" });
    press("&", { code: "Digit2" });
    expect([...view.hidden.value]).toEqual(["web", "mail"]);
    press("1", { code: "Digit1" });
    expect([...view.hidden.value]).toEqual(["mail"]);
    press('"', { code: "Digit2", shiftKey: true });
    expect(view.solo.value).toBe("mail");
    press("e");
    expect(view.solo.value).toBeNull();
    expect(view.hidden.value.size).toBe(0);
    press("9", { code: "Digit9" });
    expect(view.hidden.value.size).toBe(0);
  });

  it("open and close what lies over the page; nothing else works meanwhile", () => {
    press("?");
    expect(view.overlay.value).toBe("help");
    expect(press("f")).toBe(false);
    press("Escape");
    expect(view.overlay.value).toBeNull();
    press("/");
    expect(view.overlay.value).toBe("search");
  });

  it("go to the wall and come back", () => {
    press("k");
    expect([view.kiosk.value, view.following.value]).toEqual([true, true]);
    press("Escape");
    expect([view.kiosk.value, view.following.value]).toEqual([false, false]);
  });

  test.each([
    { ctrlKey: true },
    { metaKey: true },
    { altKey: true },
    { isComposing: true },
    { defaultPrevented: true },
  ])("are the browser's with %o", (more) => expect(press("f", more)).toBe(false));

  it("are for what somebody types into, and arrows for what has the focus", () => {
    const input = { tagName: "INPUT", closest: () => ({}) } as unknown as Element;
    const button = { tagName: "BUTTON", closest: () => null } as unknown as Element;
    expect(press("f", { target: input })).toBe(false);
    expect(press("f", { target: button })).toBe(true);
    expect(press("ArrowUp", { target: button })).toBe(false);
  });

  it("mean one thing each", () => {
    const names = KEYS.flatMap(({ on }) => on);
    expect(new Set(names).size).toBe(names.length);
    const shown = KEYS.map(({ keys }) => keys.join(" "));
    expect(new Set(shown).size).toBe(shown.length);
  });
});

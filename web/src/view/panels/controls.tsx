import type { ComponentType } from "preact";
import type { Actions } from "../../actions.ts";
import { home, theme } from "../../state/store.ts";
import { toggleTheme } from "../../state/theme.ts";
import { arcs, following, type Mode, mode, overlay, type Projection, projection } from "../../state/view.ts";
import { isRoomy } from "../../state/window.ts";
import { IconButton, Tip } from "./buttons.tsx";
import * as icons from "./icons.tsx";
import { Popover } from "./popover.tsx";
import { Segments } from "./segments.tsx";
import { ShareItems, ShareMenu } from "./share.tsx";

const PROJECTIONS: readonly { value: Projection; label: string }[] = [
  { value: "globe", label: "Globe" },
  { value: "flat", label: "Flat" },
];
const MODES: readonly { value: Mode; label: string; says: string; Icon: ComponentType }[] = [
  { value: "both", label: "Both", says: "Points and heat", Icon: icons.Both },
  { value: "points", label: "Points", says: "Each event alone", Icon: icons.Points },
  { value: "heat", label: "Heat", says: "Where it is busy", Icon: icons.Flame },
];

interface Tool {
  label: string;
  shortcut?: string;
  pressed?: boolean;
  Icon: ComponentType;
  run: () => void;
}

/** Buttons at the top right: all of them where there is room, else behind one. */
export function Controls({ actions }: { actions: Actions }) {
  const [search, ...others] = toolsOf(actions);
  if (!isRoomy.value) {
    return (
      <nav class="controls" aria-label="View">
        <ToolButton {...search!} />
        <Popover id="more" class="icon" at="top-right" label="View" buttonLabel="More" button={<icons.Dots />}>
          {(close) => <More tools={others} actions={actions} close={close} />}
        </Popover>
      </nav>
    );
  }
  return (
    <nav class="controls" aria-label="View">
      <ProjectionChoice />
      <ToolButton {...search!} />
      <ModeMenu />
      <ShareMenu actions={actions} />
      {others.map((tool) => (
        <ToolButton key={tool.label} {...tool} />
      ))}
    </nav>
  );
}

/** What is one press; search comes first. */
function toolsOf(actions: Actions): Tool[] {
  const isDark = theme.value === "dark";
  return [
    { label: "Search", shortcut: "/", Icon: icons.Search, run: () => show("search") },
    {
      label: "Follow",
      shortcut: "O",
      pressed: following.value,
      Icon: icons.Compass,
      run: () => {
        following.value = !following.value;
      },
    },
    ...arcsTool(),
    {
      label: isDark ? "Light theme" : "Dark theme",
      shortcut: "T",
      Icon: isDark ? icons.Sun : icons.Moon,
      run: toggleTheme,
    },
    ...(document.fullscreenEnabled ? [fullScreenTool(actions)] : []),
    { label: "Help", shortcut: "?", Icon: icons.Question, run: () => show("help") },
  ];
}

function arcsTool(): Tool[] {
  if (home.value === null) return [];
  const run = () => {
    arcs.value = !arcs.value;
  };
  return [{ label: `Arcs to ${home.value.name}`, shortcut: "A", pressed: arcs.value, Icon: icons.Arc, run }];
}

function fullScreenTool(actions: Actions): Tool {
  return { label: "Full screen", shortcut: "W", Icon: icons.Corners, run: () => actions.toggleFullScreen() };
}

function show(what: "help" | "search"): void {
  overlay.value = what;
}

function ToolButton({ label, shortcut, pressed, Icon, run }: Tool) {
  return (
    <IconButton label={label} shortcut={shortcut} pressed={pressed} onClick={run}>
      <Icon />
    </IconButton>
  );
}

function ProjectionChoice() {
  return (
    <Segments
      label="Projection"
      options={PROJECTIONS}
      value={projection.value}
      onPick={(picked) => {
        projection.value = picked;
      }}
    />
  );
}

function ModeMenu() {
  const { Icon } = MODES.find(({ value }) => value === mode.value)!;
  return (
    <Popover
      id="mode"
      class="icon"
      at="top-right"
      label="What is drawn"
      buttonLabel="Points or heat"
      button={
        <>
          <Icon />
          <Tip label="Points or heat" shortcut="M" />
        </>
      }
    >
      {(close) =>
        MODES.map((choice) => (
          <button
            key={choice.value}
            type="button"
            class="item"
            aria-pressed={choice.value === mode.value}
            onClick={() => {
              mode.value = choice.value;
              close();
            }}
          >
            <choice.Icon />
            <span>{choice.label}</span>
            <small>{choice.says}</small>
          </button>
        ))
      }
    </Popover>
  );
}

/** All that there is no room for. */
function More({ tools, actions, close }: { tools: readonly Tool[]; actions: Actions; close: () => void }) {
  return (
    <>
      <div class="choices">
        <ProjectionChoice />
        <Segments
          label="What is drawn"
          options={MODES}
          value={mode.value}
          onPick={(picked) => {
            mode.value = picked;
          }}
        />
      </div>
      {tools.map(({ label, pressed, Icon, run }) => (
        <button
          key={label}
          type="button"
          class="item"
          aria-pressed={pressed}
          onClick={() => {
            close();
            run();
          }}
        >
          <Icon />
          <span>{label}</span>
        </button>
      ))}
      <ShareItems actions={actions} close={close} />
    </>
  );
}

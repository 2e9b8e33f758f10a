import { theme } from "../../state/store.ts";
import { chooseTheme } from "../../state/theme.ts";

/** Buttons at the top right. */
export function Controls() {
  const isDark = theme.value === "dark";
  const themeLabel = isDark ? "Light theme" : "Dark theme";
  return (
    <nav class="controls" aria-label="View">
      <button
        type="button"
        class="icon"
        aria-label={themeLabel}
        title={themeLabel}
        onClick={() => chooseTheme(isDark ? "light" : "dark")}
      >
        {isDark ? <Sun /> : <Moon />}
      </button>
      {document.fullscreenEnabled && (
        <button type="button" class="icon" aria-label="Full screen" title="Full screen" onClick={toggleFullScreen}>
          <Corners />
        </button>
      )}
    </nav>
  );
}

function toggleFullScreen(): void {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void document.documentElement.requestFullscreen();
}

const LINE = {
  viewBox: "0 0 16 16",
  fill: "none",
  stroke: "currentColor",
  "stroke-width": 1.5,
  "stroke-linecap": "round",
} as const;

function Moon() {
  return (
    <svg {...LINE} aria-hidden="true">
      <path d="M13.5 9.6A6 6 0 0 1 6.4 2.5a6 6 0 1 0 7.1 7.1Z" stroke-linejoin="round" />
    </svg>
  );
}

function Sun() {
  return (
    <svg {...LINE} aria-hidden="true">
      <circle cx="8" cy="8" r="2.8" />
      <path d="M8 1.3v1.4M8 13.3v1.4M1.3 8h1.4M13.3 8h1.4M3.3 3.3l1 1M11.7 11.7l1 1M12.7 3.3l-1 1M4.3 11.7l-1 1" />
    </svg>
  );
}

function Corners() {
  return (
    <svg {...LINE} aria-hidden="true">
      <path d="M2.5 6V2.5H6M10 2.5h3.5V6M13.5 10v3.5H10M6 13.5H2.5V10" stroke-linejoin="round" />
    </svg>
  );
}

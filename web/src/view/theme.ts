/** Colours of the map in the dark and in the light: everything that is drawn, not the panels (they use CSS). */

export type Theme = "dark" | "light";
export type Rgb = readonly [number, number, number];

export interface MapColours {
  sea: string;
  land: string;
  graticule: string;
  border: string;
  coast: string;
  coastGlow: string;
  label: string;
  labelHalo: string;
  /** From quiet to busy; the first is the colour of unlit land. */
  ramp: readonly [Rgb, Rgb, Rgb, Rgb, Rgb];
  /** Where the heat's surface begins: what it fades out to. */
  ember: Rgb;
  dotAlpha: number;
  hazeAlpha: number;
  /** What is behind the globe, from its middle out. */
  space: readonly [Rgb, Rgb, Rgb];
  /** The globe's air, from the outside in; in the light, its shadow, its shade and its sheen. */
  air: readonly [Rgb, Rgb, Rgb];
  /** Light that adds up, or ink that covers. */
  ink: boolean;
}

export const MAP_COLOURS: Readonly<Record<Theme, MapColours>> = {
  dark: {
    sea: "#050917",
    land: "#0a1124",
    graticule: "rgba(90, 125, 200, 0.075)",
    border: "rgba(110, 140, 210, 0.15)",
    coast: "rgba(96, 140, 230, 0.36)",
    coastGlow: "rgba(70, 120, 255, 0.10)",
    label: "rgba(206, 219, 252, 0.62)",
    labelHalo: "rgba(3, 6, 14, 0.85)",
    ramp: [
      [0.25, 0.36, 0.58],
      [0.4, 0.26, 0.95],
      [0.96, 0.27, 0.68],
      [1.0, 0.62, 0.28],
      [1.0, 0.97, 0.85],
    ],
    ember: [0.09, 0.07, 0.36],
    dotAlpha: 0.9,
    hazeAlpha: 0.8,
    space: [
      [0.034, 0.064, 0.165],
      [0.02, 0.035, 0.088],
      [0.01, 0.017, 0.04],
    ],
    air: [
      [0.13, 0.3, 0.95],
      [0.34, 0.68, 1.0],
      [0.85, 0.95, 1.0],
    ],
    ink: false,
  },
  light: {
    sea: "#e3eaf3",
    land: "#f8fafd",
    graticule: "rgba(60, 80, 120, 0.07)",
    border: "rgba(60, 80, 120, 0.17)",
    coast: "rgba(70, 95, 145, 0.34)",
    coastGlow: "rgba(90, 120, 180, 0.10)",
    label: "rgba(34, 46, 74, 0.72)",
    labelHalo: "rgba(255, 255, 255, 0.90)",
    ramp: [
      [0.6, 0.67, 0.78],
      [0.44, 0.36, 0.93],
      [0.83, 0.2, 0.62],
      [0.92, 0.42, 0.2],
      [0.76, 0.2, 0.1],
    ],
    ember: [0.72, 0.76, 0.98],
    dotAlpha: 0.85,
    hazeAlpha: 0.5,
    space: [
      [0.985, 0.99, 1.0],
      [0.935, 0.95, 0.972],
      [0.86, 0.892, 0.935],
    ],
    air: [
      [0.36, 0.45, 0.62],
      [0.55, 0.65, 0.82],
      [1.0, 1.0, 1.0],
    ],
    ink: true,
  },
};

// @ts-types="npm:@types/d3-scale@4.0.9"
import { scaleLinear } from "d3-scale";
// @ts-types="npm:@types/d3-scale-chromatic@3.1.0"
import { interpolatePlasma } from "d3-scale-chromatic";

/** Colours of text, lines and surfaces in every chart. */
export const ink = {
  title: "#16202e",
  label: "#3b4758",
  tick: "#5d6a7c",
  axis: "#aab4c2",
  grid: "#e9edf2",
  reference: "#9aa5b4",
} as const;

/** The two main hues, distinguishable with every kind of colour vision. */
export const accent = { blue: "#2271b5", orange: "#e8710a" } as const;

/**
 * Colours of classes 0 to 9, distinguishable with every common kind of colour vision.
 * Source: Petroff 2021, Accessible color sequences for data visualization,
 * arXiv:2107.02270, the ten-colour sequence; the first two are the accents.
 */
export const classColors = [
  accent.blue,
  accent.orange,
  "#bd1f01",
  "#94a4a2",
  "#832db6",
  "#a96b59",
  "#ffa90e",
  "#b9ac70",
  "#717581",
  "#92dadd",
] as const;

/** White (0) to navy (1) with uniform lightness steps; zero density is the paper colour. */
export const densityColor: (share: number) => string = scaleLinear<string>()
  .domain([0, 0.08, 0.25, 0.45, 0.65, 0.85, 1])
  .range(["#ffffff", "#eaf2fa", "#c2dcef", "#86bbde", "#4690c6", "#1b62a5", "#0a3468"])
  .clamp(true);

/** The same for a dark page: from its background (0) to a light blue (1). */
export const densityColorOnDark: (share: number) => string = scaleLinear<string>()
  .domain([0, 0.08, 0.25, 0.45, 0.65, 0.85, 1])
  .range(["#14181e", "#17273a", "#1b4268", "#2866a0", "#4c93cd", "#8fc2ea", "#d9ecfb"])
  .clamp(true);

/**
 * Orange (start of a path, 0) to indigo (its end, 1) with uniform lightness steps. Omits the ends
 * of the map: a yellow that is invisible on white, and a near black.
 */
export function timeColor(share: number): string {
  return interpolatePlasma(0.78 - 0.72 * share);
}

/** The three bytes of a colour `#rrggbb`. */
export function rgbOf(color: string): readonly [number, number, number] {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16));
  return [red!, green!, blue!];
}

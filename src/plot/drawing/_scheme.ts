import { ink, rgbOf } from "./_palette.ts";
import { element } from "./_svg.ts";

/** Background of a dark page, on which the colours below must be visible. */
const DARK_PAPER = "#14181e";

/** Colours of text, lines and surfaces on a dark page; hues follow from {@link onDark}. */
const darkInk: Readonly<Record<string, string>> = {
  [ink.title]: "#e6eaf0",
  [ink.label]: "#c3ccd8",
  [ink.tick]: "#a3aebd",
  [ink.axis]: "#566172",
  [ink.grid]: "#262e38",
  [ink.reference]: "#7d8896",
  "#ffffff": DARK_PAPER,
};

/** Least relative luminance of a hue on a dark page: a contrast of 4.5 to the background. */
const LEAST_LUMINANCE = 0.22;

/** Relative luminance of sRGB values from 0 to 1. Source: WCAG 2.2, relative luminance. */
function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((value) =>
    value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4
  );
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}

/** A chart's colour `#rrggbb` as it is drawn on a dark page: mixed with white until it is visible. */
export function onDark(color: string): string {
  const known = darkInk[color];
  if (known !== undefined) return known;
  const rgb = rgbOf(color).map((byte) => byte / 255);
  let share = 0, mixed = rgb;
  while (luminance(mixed) < LEAST_LUMINANCE) {
    share += 0.05;
    mixed = rgb.map((value) => value + share * (1 - value));
  }
  return `#${mixed.map((value) => Math.round(255 * value).toString(16).padStart(2, "0")).join("")}`;
}

/** Two forms of the same part of a drawing, of which a viewer shows the one for its colour scheme. */
export function perScheme(light: string, dark: string): string {
  return element("g", { class: "light" }, [light]) +
    // Viewers without style sheets show the light form.
    element("g", { class: "dark", display: "none" }, [dark]);
}

/** Style sheet of a drawing: its fonts, and its colours on a dark page. */
export function schemeStyle(svg: string): string {
  const used = new Set(
    Array.from(svg.matchAll(/ (?:fill|stroke)="(#[0-9a-f]{6})"/g), (m) => m[1]!),
  );
  const rules = Array.from(used, (color) => {
    const dark = onDark(color);
    return dark === color
      ? ""
      : `[fill="${color}"]{fill:${dark}}[stroke="${color}"]{stroke:${dark}}`;
  });
  return "<style>text{font-family:Inter,&quot;Segoe UI&quot;,Roboto,&quot;Helvetica Neue&quot;," +
    "&quot;Noto Sans&quot;,&quot;Liberation Sans&quot;,Arial,sans-serif}" +
    "@media screen and (prefers-color-scheme:dark){" +
    `.light{display:none}.dark{display:inline}${rules.join("")}}</style>`;
}

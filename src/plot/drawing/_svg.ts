import { withoutControls } from "../../core/quoted.ts";

type Attribute = string | number | undefined;

/** Rounds to two decimals: a hundredth of a unit is invisible, and files stay small. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A title may come from a file's name. */
function escape(text: string): string {
  return withoutControls(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** An SVG element; `children` are serialised elements. Omits attributes that are undefined. */
export function element(
  name: string,
  attributes: Readonly<Record<string, Attribute>>,
  children: readonly string[] = [],
): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) =>
      ` ${key}="${typeof value === "number" ? round(value) : escape(String(value))}"`
    )
    .join("");
  return `<${name}${written}>${children.join("")}</${name}>`;
}

/** Appearance and anchor of a line of text. */
export interface TextStyle {
  readonly size: number;
  readonly color: string;
  readonly weight?: 400 | 600;
  readonly anchor?: "start" | "middle" | "end";
  /** Degrees, clockwise, about the point. */
  readonly rotate?: number;
}

/** A line of text whose baseline starts, is centred or ends at (x, y). */
export function textLine(words: string, x: number, y: number, style: TextStyle): string {
  const { size, color, weight = 400, anchor = "start", rotate } = style;
  return element("text", {
    x,
    y,
    "font-family": "Inter",
    "font-size": size,
    "font-weight": weight,
    fill: color,
    "text-anchor": anchor,
    transform: rotate === undefined ? undefined : `rotate(${rotate} ${round(x)} ${round(y)})`,
  }, [escape(words)]);
}

/**
 * What {@link textLine} writes, of words without escapes: x, y, size, weight, colour, anchor, rotation, words. A line
 * that it does not find is shaped by the rasteriser, which a test of `_letters.ts` refuses.
 */
export const textLines = new RegExp(
  '<text x="([^"]*)" y="([^"]*)" font-family="Inter" font-size="([^"]*)" font-weight="(400|600)" ' +
    'fill="([^"]*)" text-anchor="(start|middle|end)"(?: transform="([^"]*)")?>([^<&]*)</text>',
  "g",
);

/** Approximate width of a text from Inter's mean character width; accurate to about 10%. */
export function textWidth(words: string, size: number): number {
  let ems = 0;
  for (const letter of words) {
    ems += "ijl.,:;|'()[]It f".includes(letter) ? 0.32 : "mwMW—".includes(letter) ? 0.88 : 0.58;
  }
  return ems * size;
}

/**
 * How much wider than {@link textWidth} a text may be: the letters of a page, whose own font shows
 * an SVG file, may be wider than those of Inter.
 */
export function fontWidth({ format }: { readonly format?: "png" | "svg" }): number {
  return format === "svg" ? 1.16 : 1;
}

/** A text cut to `width`, with an ellipsis if anything was left out. */
export function shortened(words: string, size: number, width: number): string {
  if (textWidth(words, size) <= width) return words;
  const letters = [...words];
  while (letters.length > 1 && textWidth(`${letters.join("")}…`, size) > width) letters.pop();
  return `${letters.join("").trimEnd()}…`;
}

/**
 * Names cut to `width` as {@link shortened} does, or in their middles if some would be the same.
 */
export function shortenedNames(
  names: readonly string[],
  size: number,
  width: number,
): readonly string[] {
  const cut = names.map((name) => shortened(name, size, width));
  if (new Set(cut).size === new Set(names).size) return cut;
  return names.map((name) => {
    const letters = [...name];
    for (let kept = letters.length; textWidth(name, size) > width && kept > 2; kept--) {
      const start = Math.floor(kept / 2);
      const text = `${letters.slice(0, start).join("")}…${
        letters.slice(letters.length - (kept - start)).join("")
      }`;
      if (kept < letters.length && textWidth(text, size) <= width) return text;
    }
    return shortened(name, size, width);
  });
}

/** Wraps a text to `width` between words. */
export function wrapped(words: string, size: number, width: number): string[] {
  const lines: string[] = [];
  for (const word of words.split(/\s+/)) {
    const longer = lines.length === 0 ? word : `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** Path data through points x, y, x, y, ..., with a gap where a coordinate is not finite. */
export function polyline(coordinates: ArrayLike<number>): string {
  let path = "", drawing = false;
  for (let i = 0; i + 1 < coordinates.length; i += 2) {
    const x = coordinates[i]!, y = coordinates[i + 1]!;
    if (!Number.isFinite(x) || !Number.isFinite(y)) {
      drawing = false;
      continue;
    }
    path += `${drawing ? "L" : "M"}${round(x)} ${round(y)}`;
    drawing = true;
  }
  return path;
}

/** The complete SVG document. */
export function svgDocument(width: number, height: number, body: readonly string[]): string {
  return element("svg", { xmlns: "http://www.w3.org/2000/svg", width, height }, body);
}

/** A PNG file as a data URI for an `image` element. */
export function pngAddress(png: Uint8Array): string {
  let binary = "";
  for (let i = 0; i < png.length; i += 0x8000) {
    binary += String.fromCharCode(...png.subarray(i, i + 0x8000));
  }
  return `data:image/png;base64,${btoa(binary)}`;
}

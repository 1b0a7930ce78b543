/** An element's attributes by name, as text. */
export type Attributes = ReadonlyMap<string, string>;

/** What a drawing consists of, in the order of the text. */
export type SvgPart =
  | { readonly kind: "open"; readonly name: string; readonly attributes: Attributes }
  | { readonly kind: "close"; readonly name: string }
  | { readonly kind: "text"; readonly words: string };

const markup = /<(\/?)([a-zA-Z]+)((?:\s+[\w-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;

/** The elements of a drawing as `_svg.ts` writes it: double quotes, no comments, no declarations. */
export function* svgParts(svg: string): Generator<SvgPart> {
  for (const [, slash, name, written, isEmpty, words] of svg.matchAll(markup)) {
    if (words !== undefined) yield { kind: "text", words: unescaped(words) };
    else if (slash !== "") yield { kind: "close", name: name! };
    else {
      const attributes = new Map<string, string>();
      for (const [, key, value] of written!.matchAll(/([\w-]+)="([^"]*)"/g)) {
        attributes.set(key!, unescaped(value!));
      }
      yield { kind: "open", name: name!, attributes };
      if (isEmpty !== "") yield { kind: "close", name: name! };
    }
  }
}

function unescaped(text: string): string {
  if (!text.includes("&")) return text;
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

/** A colour as it is written in a drawing: `#rrggbb` or `rgb(r, g, b)`; null for none. */
export function colorOf(written: string): readonly [number, number, number] | null {
  if (written === "none") return null;
  if (/^#[0-9a-f]{6}$/i.test(written)) {
    const value = Number.parseInt(written.slice(1), 16);
    return [value >> 16, value >> 8 & 255, value & 255];
  }
  const bytes = /^rgb\((\d+), ?(\d+), ?(\d+)\)$/.exec(written);
  if (bytes === null) throw new RangeError(`drawing: ${JSON.stringify(written)} is no colour`);
  return [Number(bytes[1]), Number(bytes[2]), Number(bytes[3])];
}

/**
 * The polylines of path data.
 *
 * @throws {RangeError} If it has anything but points and straight lines.
 */
export function polylinesOf(
  path: string,
  scale: number,
): { readonly points: number[]; readonly isClosed: boolean }[] {
  const lines: { points: number[]; isClosed: boolean }[] = [];
  // A letter, or a number up to the next letter or space.
  const tokens = /[A-Za-z]|[^A-Za-z\s,]+/g;
  for (let found = tokens.exec(path); found !== null; found = tokens.exec(path)) {
    const token = found[0], line = lines.at(-1);
    if (token === "M") lines.push({ points: [], isClosed: false });
    else if (line === undefined || /^[A-KN-Ya-z]/.test(token)) {
      throw new RangeError(`drawing: path data with ${token}`);
    } else if (token === "Z") line.isClosed = true;
    else if (token !== "L") line.points.push(scale * Number(token));
  }
  return lines;
}

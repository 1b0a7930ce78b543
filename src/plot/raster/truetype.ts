import { type Contour, flattened } from "./contours.ts";
import { readPairs } from "./kerning.ts";

/** A TrueType font. */
export interface Font {
  /** Font units per em. */
  readonly unitsPerEm: number;
  /** The glyph of a character; 0, an empty box, if the font has none. */
  glyphOf(codePoint: number): number;
  /** Width of a glyph in font units. */
  advanceOf(glyph: number): number;
  /** Change of the distance between two glyphs in font units. */
  kerning(left: number, right: number): number;
  /** The outlines of a glyph in pixels, x, y, x, y, ..., y upwards; kept for the next time. */
  outlinesOf(glyph: number, pixelsPerEm: number): readonly Float64Array[];
}

/** Nested parts of a glyph at most; those of the embedded fonts have one level. */
const MOST_LEVELS = 5;

/**
 * Reads an embedded font: a trusted file with a `cmap` of format 12.
 * Source: OpenType specification 1.9, chapters cmap, head, hmtx, loca and glyf.
 */
export function readFont(bytes: Uint8Array): Font {
  const file = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = new Map<string, DataView>();
  for (let i = 0, at = 12; i < file.getUint16(4); i++, at += 16) {
    const tag = String.fromCharCode(...bytes.subarray(at, at + 4));
    const start = bytes.byteOffset + file.getUint32(at + 8);
    tables.set(tag, new DataView(bytes.buffer, start, file.getUint32(at + 12)));
  }
  const table = (tag: string) => {
    const found = tables.get(tag);
    if (found === undefined) throw new Error(`font: no table ${tag}`);
    return found;
  };
  const head = table("head"), hmtx = table("hmtx"), loca = table("loca"), glyf = table("glyf");
  const wideOffsets = head.getInt16(50) === 1;
  const offsetOf = (glyph: number) =>
    wideOffsets ? loca.getUint32(4 * glyph) : 2 * loca.getUint16(2 * glyph);
  const advances = table("hhea").getUint16(34);
  const ranges = characterRanges(table("cmap"));
  const contours = (glyph: number, level = 0): Contour[] => {
    const start = offsetOf(glyph), end = offsetOf(glyph + 1);
    if (end <= start || level > MOST_LEVELS) return [];
    const data = new DataView(glyf.buffer, glyf.byteOffset + start, end - start);
    const count = data.getInt16(0);
    if (count >= 0) return simpleContours(data, count);
    return partsOf(data).flatMap(({ glyph, place }) =>
      contours(glyph, level + 1).map((contour) => placed(contour, place))
    );
  };
  const gpos = tables.get("GPOS");
  const pairs = gpos === undefined ? () => 0 : readPairs(gpos);
  const known = new Map<string, readonly Float64Array[]>(), unitsPerEm = head.getUint16(18);
  return {
    unitsPerEm,
    glyphOf(codePoint) {
      let low = 0, high = ranges.length - 1;
      while (low <= high) {
        const middle = low + high >> 1, { first, last, glyph } = ranges[middle]!;
        if (codePoint < first) high = middle - 1;
        else if (codePoint > last) low = middle + 1;
        else return glyph + codePoint - first;
      }
      return 0;
    },
    advanceOf: (glyph) => hmtx.getUint16(4 * Math.min(glyph, advances - 1)),
    kerning: pairs,
    outlinesOf(glyph, pixelsPerEm) {
      const name = `${glyph} ${pixelsPerEm}`;
      let outlines = known.get(name);
      if (outlines === undefined) {
        const scale = pixelsPerEm / unitsPerEm;
        outlines = contours(glyph).map((contour) => flattened(contour, scale));
        known.set(name, outlines);
      }
      return outlines;
    },
  };
}

/** Ranges of characters with consecutive glyphs, ascending. */
function characterRanges(cmap: DataView) {
  for (let i = 0, at = 4; i < cmap.getUint16(2); i++, at += 8) {
    const start = cmap.getUint32(at + 4);
    if (cmap.getUint16(start) !== 12) continue;
    return Array.from({ length: cmap.getUint32(start + 12) }, (_, range) => {
      const place = start + 16 + 12 * range;
      return {
        first: cmap.getUint32(place),
        last: cmap.getUint32(place + 4),
        glyph: cmap.getUint32(place + 8),
      };
    });
  }
  throw new Error("font: no characters of format 12");
}

/** Flags of a point of a simple glyph. */
const ON_CURVE = 1, SHORT_X = 2, SHORT_Y = 4, REPEATS = 8, SAME_X = 16, SAME_Y = 32;

function simpleContours(data: DataView, count: number): Contour[] {
  const ends = Array.from({ length: count }, (_, i) => data.getUint16(10 + 2 * i));
  const points = count === 0 ? 0 : ends[count - 1]! + 1;
  let at = 10 + 2 * count;
  at += 2 + data.getUint16(at); // instructions
  const flags: number[] = [];
  while (flags.length < points) {
    const flag = data.getUint8(at++);
    const times = flag & REPEATS ? 1 + data.getUint8(at++) : 1;
    for (let i = 0; i < times; i++) flags.push(flag);
  }
  const coordinates = (short: number, same: number) => {
    let value = 0;
    return flags.map((flag) => {
      if (flag & short) {
        const step = data.getUint8(at++);
        value += flag & same ? step : -step;
      } else if (!(flag & same)) {
        value += data.getInt16(at);
        at += 2;
      }
      return value;
    });
  };
  const x = coordinates(SHORT_X, SAME_X), y = coordinates(SHORT_Y, SAME_Y);
  return ends.map((last, i) => {
    const first = i === 0 ? 0 : ends[i - 1]! + 1;
    return {
      x: x.slice(first, last + 1),
      y: y.slice(first, last + 1),
      isOn: flags.slice(first, last + 1).map((flag) => (flag & ON_CURVE) !== 0),
    };
  });
}

/** An affine map: x' = a x + c y + e, y' = b x + d y + f. */
type Place = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Flags of a part of a composite glyph. */
const WORDS = 1, OFFSETS = 2, ONE_SCALE = 8, MORE = 32, TWO_SCALES = 64, MATRIX = 128;

/** The parts of a composite glyph. */
function partsOf(data: DataView): { readonly glyph: number; readonly place: Place }[] {
  const parts: { glyph: number; place: Place }[] = [];
  const fraction = (at: number) => data.getInt16(at) / 2 ** 14;
  for (let at = 10, flags = MORE; flags & MORE;) {
    flags = data.getUint16(at);
    const glyph = data.getUint16(at + 2);
    at += 4;
    const [first, second] = flags & WORDS
      ? [data.getInt16(at), data.getInt16(at + 2)]
      : [data.getInt8(at), data.getInt8(at + 1)];
    at += flags & WORDS ? 4 : 2;
    // Parts placed by matching points, which these fonts do not have, would be at the origin.
    const [e, f] = flags & OFFSETS ? [first!, second!] : [0, 0];
    let [a, b, c, d] = [1, 0, 0, 1];
    if (flags & ONE_SCALE) {
      a = d = fraction(at);
      at += 2;
    } else if (flags & TWO_SCALES) {
      [a, d] = [fraction(at), fraction(at + 2)];
      at += 4;
    } else if (flags & MATRIX) {
      [a, b, c, d] = [fraction(at), fraction(at + 2), fraction(at + 4), fraction(at + 6)];
      at += 8;
    }
    parts.push({ glyph, place: [a, b, c, d, e, f] });
  }
  return parts;
}

function placed({ x, y, isOn }: Contour, [a, b, c, d, e, f]: Place): Contour {
  return {
    x: x.map((value, i) => a * value + c * y[i]! + e),
    y: x.map((value, i) => b * value + d * y[i]! + f),
    isOn,
  };
}

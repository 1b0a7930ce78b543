/** Bit of a value record's format for the change of the advance. */
const X_ADVANCE = 4;

/** Types of lookups: pairs of glyphs, and those with a wide offset. */
const PAIRS = 2, EXTENSION = 9;

/** Position of a glyph in a coverage table; -1 if it is not in it. */
function coverageIndex(table: DataView, at: number, glyph: number): number {
  const isList = table.getUint16(at) === 1, size = isList ? 2 : 6;
  let low = 0, high = table.getUint16(at + 2) - 1;
  while (low <= high) {
    const middle = low + high >> 1, entry = at + 4 + size * middle;
    const first = table.getUint16(entry), last = isList ? first : table.getUint16(entry + 2);
    if (glyph < first) high = middle - 1;
    else if (glyph > last) low = middle + 1;
    else return isList ? middle : table.getUint16(entry + 4) + glyph - first;
  }
  return -1;
}

/** Class of a glyph; 0 if the table does not name it. */
function classOf(table: DataView, at: number, glyph: number): number {
  if (table.getUint16(at) === 1) {
    const index = glyph - table.getUint16(at + 2);
    return index >= 0 && index < table.getUint16(at + 4) ? table.getUint16(at + 6 + 2 * index) : 0;
  }
  let low = 0, high = table.getUint16(at + 2) - 1;
  while (low <= high) {
    const middle = low + high >> 1, entry = at + 4 + 6 * middle;
    if (glyph < table.getUint16(entry)) high = middle - 1;
    else if (glyph > table.getUint16(entry + 2)) low = middle + 1;
    else return table.getUint16(entry + 4);
  }
  return 0;
}

/** Number of values in a record of a format, each of two bytes. */
function valueCount(format: number): number {
  let count = 0;
  for (let bits = format; bits > 0; bits &= bits - 1) count++;
  return count;
}

/** The change of the advance in a value record. */
function advanceIn(table: DataView, at: number, format: number): number {
  if ((format & X_ADVANCE) === 0) return 0;
  return table.getInt16(at + 2 * valueCount(format & (X_ADVANCE - 1)));
}

/** The kerning of a pair in a subtable; null if it has none for it. */
function pairIn(table: DataView, at: number, left: number, right: number): number | null {
  const index = coverageIndex(table, at + table.getUint16(at + 2), left);
  if (index < 0) return null;
  const first = table.getUint16(at + 4), second = table.getUint16(at + 6);
  const size = 2 * (valueCount(first) + valueCount(second));
  if (table.getUint16(at) === 1) {
    const set = at + table.getUint16(at + 10 + 2 * index);
    let low = 0, high = table.getUint16(set) - 1;
    while (low <= high) {
      const middle = low + high >> 1, entry = set + 2 + (2 + size) * middle;
      const other = table.getUint16(entry);
      if (right < other) high = middle - 1;
      else if (right > other) low = middle + 1;
      else return advanceIn(table, entry + 2, first);
    }
    return null;
  }
  const row = classOf(table, at + table.getUint16(at + 8), left);
  const column = classOf(table, at + table.getUint16(at + 10), right);
  const columns = table.getUint16(at + 14);
  return advanceIn(table, at + 16 + size * (row * columns + column), first);
}

/**
 * Kerning of pairs of glyphs, from the first `kern` feature.
 * Source: OpenType specification 1.9, chapter GPOS, lookup types 2 and 9.
 *
 * @returns The change of the distance between two glyphs in font units.
 */
export function readPairs(gpos: DataView): (left: number, right: number) => number {
  const features = gpos.getUint16(6), lookups = gpos.getUint16(8);
  const wanted: number[] = [];
  for (let i = 0; i < gpos.getUint16(features); i++) {
    const entry = features + 2 + 6 * i;
    const tag = String.fromCharCode(...[0, 1, 2, 3].map((k) => gpos.getUint8(entry + k)));
    if (tag !== "kern") continue;
    const feature = features + gpos.getUint16(entry + 4);
    for (let k = 0; k < gpos.getUint16(feature + 2); k++) {
      wanted.push(gpos.getUint16(feature + 4 + 2 * k));
    }
    break;
  }
  const subtables = wanted.sort((a, b) => a - b).map((lookup) => {
    const at = lookups + gpos.getUint16(lookups + 2 + 2 * lookup);
    return Array.from({ length: gpos.getUint16(at + 4) }, (_, i) => {
      const subtable = at + gpos.getUint16(at + 6 + 2 * i);
      if (gpos.getUint16(at) === PAIRS) return subtable;
      const isPairs = gpos.getUint16(at) === EXTENSION && gpos.getUint16(subtable + 2) === PAIRS;
      return isPairs ? subtable + gpos.getUint32(subtable + 4) : null;
    }).filter((subtable) => subtable !== null);
  });
  const known = new Map<number, number>();
  return (left, right) => {
    const key = left * 2 ** 16 + right;
    let change = known.get(key);
    if (change === undefined) {
      change = 0;
      // Of a lookup the first subtable that knows the pair.
      for (const tables of subtables) {
        for (const at of tables) {
          const found = pairIn(gpos, at, left, right);
          if (found === null) continue;
          change += found;
          break;
        }
      }
      known.set(key, change);
    }
    return change;
  };
}

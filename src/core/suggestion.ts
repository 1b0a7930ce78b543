/** No name that is known is nearly as long. */
const LONGEST_NAME = 64;

/**
 * `, did you mean "moons"?` where a known name is close to what was typed, else
 * the empty text. Close is within a third of the longer name's length, at least one edit.
 */
export function suggestion(typed: string, known: readonly string[]): string {
  // The distance takes time and memory of the product of both lengths.
  if (typed.length > LONGEST_NAME) return "";
  const scored = known.map((name) => ({ name, edits: editDistance(typed.toLowerCase(), name) }));
  const best = scored.sort((a, b) => a.edits - b.edits)[0];
  if (best === undefined) return "";
  const allowed = Math.max(1, Math.floor(Math.max(typed.length, best.name.length) / 3));
  return best.edits <= allowed ? `, did you mean "${best.name}"?` : "";
}

/**
 * Fewest insertions, deletions, substitutions and swaps of neighbours that turn
 * one text into the other, no part edited twice.
 * Source: Damerau 1964; Boytsov 2011, the "optimal string alignment" distance.
 */
export function editDistance(a: string, b: string): number {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i]);
  for (let j = 1; j <= b.length; j++) rows[0]![j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let edits = Math.min(
        rows[i - 1]![j]! + 1,
        rows[i]![j - 1]! + 1,
        rows[i - 1]![j - 1]! + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, rows[i - 2]![j - 2]! + 1);
      }
      rows[i]![j] = edits;
    }
  }
  return rows[a.length]![b.length]!;
}

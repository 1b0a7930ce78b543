/** Longest input to compare; every known name is much shorter. */
const MAX_NAME_LENGTH = 64;

/** `, did you mean "moons"?` if a known name is close to what was typed, else the empty string. */
export function suggestion(typed: string, known: readonly string[]): string {
  const name = closeName(typed, known);
  return name === undefined ? "" : `, did you mean "${name}"?`;
}

/**
 * The known name that is closest to what was typed; undefined if none is close.
 * Close means an edit distance of at most a third of the longer name's length, or 1, and below the
 * shorter one's length: `x` is not close to `n`; or else that a known name is its first words:
 * `run-dir` is close to `run`.
 */
export function closeName(typed: string, known: readonly string[]): string | undefined {
  // Time and memory grow with the product of both lengths.
  if (typed.length > MAX_NAME_LENGTH) return undefined;
  const scored = known.map((name) => ({ name, edits: editDistance(typed.toLowerCase(), name) }));
  const best = scored.sort((a, b) => a.edits - b.edits)[0];
  if (best === undefined) return undefined;
  const allowed = Math.max(1, Math.floor(Math.max(typed.length, best.name.length) / 3));
  const isClose = best.edits <= allowed && best.edits < Math.min(typed.length, best.name.length);
  if (isClose) return best.name;
  const first = known.filter((name) => typed.toLowerCase().startsWith(`${name}-`));
  return first.sort((a, b) => b.length - a.length)[0];
}

/**
 * Minimum number of insertions, deletions, substitutions and adjacent transpositions that turn one
 * string into the other, editing no substring twice.
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

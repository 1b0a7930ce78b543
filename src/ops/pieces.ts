/** A range of rows computed together. */
export interface Piece {
  /** Index of its first row. */
  readonly first: number;
  readonly count: number;
}

/** Splits rows into the fewest pieces of at most `most` rows, about equal in size. */
export function piecesOf(rows: number, most: number): Piece[] {
  const count = Math.max(1, Math.ceil(rows / Math.max(1, most)));
  return Array.from({ length: count }, (_, piece) => {
    const first = Math.floor(rows * piece / count);
    return { first, count: Math.floor(rows * (piece + 1) / count) - first };
  });
}

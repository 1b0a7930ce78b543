/** Rows of a batch that are computed together. */
export interface Piece {
  /** Number of its first row. */
  readonly first: number;
  readonly count: number;
}

/** Cuts rows into as few pieces of at most `most` rows as there can be, about equal. */
export function piecesOf(rows: number, most: number): Piece[] {
  const count = Math.max(1, Math.ceil(rows / Math.max(1, most)));
  return Array.from({ length: count }, (_, piece) => {
    const first = Math.floor(rows * piece / count);
    return { first, count: Math.floor(rows * (piece + 1) / count) - first };
  });
}

import type { RowSpace } from "../../solver/rows.ts";

/** A row space that knows what it has handed out. */
export interface ScopedSpace<Rows> extends RowSpace<Rows> {
  /** Takes over what was made elsewhere, such as a field's value, and returns it. */
  own(rows: Rows): Rows;
  /** Lets go of `rows`: they are someone else's from now on. */
  disown(rows: Rows): Rows;
  /** Releases everything that is still owned. */
  releaseAll(): void;
}

/** Keeps account of rows, so that a solve gives everything back also when a field throws. */
export function scopedSpace<Rows>(space: RowSpace<Rows>): ScopedSpace<Rows> {
  const owned = new Set<Rows>();
  const own = (rows: Rows) => {
    owned.add(rows);
    return rows;
  };
  return {
    own,
    disown(rows) {
      owned.delete(rows);
      return rows;
    },
    releaseAll() {
      for (const rows of owned) space.release(rows);
      owned.clear();
    },
    count: (rows) => space.count(rows),
    width: (rows) => space.width(rows),
    combine: (base, scale, terms) => own(space.combine(base, scale, terms)),
    scaledSquares: (value, against) => space.scaledSquares(value, against),
    take: (rows, indices) => own(space.take(rows, indices)),
    stack: (blocks) => own(space.stack(blocks)),
    columns: (rows, start, width) => own(space.columns(rows, start, width)),
    beside: (blocks) => own(space.beside(blocks)),
    release(rows) {
      // What was disowned is not ours to release.
      if (owned.delete(rows)) space.release(rows);
    },
  };
}

import type { RowSpace } from "../../solver/rows.ts";

/** A row space that tracks the rows it has created. */
export interface ScopedSpace<Rows> extends RowSpace<Rows> {
  /** Takes ownership of rows created elsewhere, such as a field's value, and returns them. */
  own(rows: Rows): Rows;
  /** Gives up ownership of `rows` and returns them. */
  disown(rows: Rows): Rows;
  /** Releases everything that is still owned. */
  releaseAll(): void;
}

/** Wraps a row space so that a solve can release all rows even if the field throws. */
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
      // Disowned rows belong to someone else.
      if (owned.delete(rows)) space.release(rows);
    },
  };
}

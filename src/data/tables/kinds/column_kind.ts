/**
 * What a column of a table is. A column holds one number per row in the data's units; the kind says
 * how the model sees it.
 */
export type ColumnKind =
  | {
    /** A real number, seen as it is. */
    readonly kind: "real";
  }
  | {
    /** A positive number, seen as its logarithm. */
    readonly kind: "log";
  }
  | {
    /** A value of the grid origin + k step, seen with uniform noise of one step around it. */
    readonly kind: "dequantized";
    /** Distance between neighbouring values, above 0. */
    readonly step: number;
    /** One value of the grid. */
    readonly origin: number;
  }
  | {
    /**
     * A category by its index, seen as a one-hot vector with uniform noise of width 1 around each
     * of its coordinates.
     */
    readonly kind: "categorical";
    /** The categories as the file writes them, in the order of their indices; at least two. */
    readonly categories: readonly string[];
  };

/** Largest number of categories of a column; each is a coordinate of the model. */
export const MAX_CATEGORIES = 100;

/** A column of values on a grid. */
export type DequantizedKind = Extract<ColumnKind, { readonly kind: "dequantized" }>;

/** Number of coordinates that the model has for a column. */
export function coordinatesOf(kind: ColumnKind): number {
  return kind.kind === "categorical" ? kind.categories.length : 1;
}

/** Number of coordinates that the model has for all columns of a table. */
export function coordinateCount(kinds: readonly ColumnKind[]): number {
  return kinds.reduce((sum, kind) => sum + coordinatesOf(kind), 0);
}

/** The kinds of columns, without their names; null if all are real. */
export function kindsOf(columns: readonly ColumnKind[]): readonly ColumnKind[] | null {
  if (columns.every(({ kind }) => kind === "real")) return null;
  return columns.map((column): ColumnKind => {
    switch (column.kind) {
      case "real":
      case "log":
        return { kind: column.kind };
      case "dequantized":
        return { kind: column.kind, step: column.step, origin: column.origin };
      case "categorical":
        return { kind: column.kind, categories: column.categories };
      default:
        return column satisfies never;
    }
  });
}

/** Whether two columns are the same to a model. */
export function isSameKind(a: ColumnKind, b: ColumnKind): boolean {
  switch (a.kind) {
    case "real":
    case "log":
      return a.kind === b.kind;
    case "dequantized":
      return b.kind === a.kind && a.step === b.step && a.origin === b.origin;
    case "categorical":
      return b.kind === a.kind && a.categories.length === b.categories.length &&
        a.categories.every((category, i) => category === b.categories[i]);
    default:
      return a satisfies never;
  }
}

/** Whether a column has probabilities rather than a density. */
export function isDiscrete({ kind }: ColumnKind): boolean {
  return kind === "dequantized" || kind === "categorical";
}

/** Distance from the grid, in steps, that rounding to float32 or to decimals explains. */
const OFF_GRID = { least: 1e-6, relative: 1e-7, most: 0.01 } as const;

/** Whether a value is a whole number of steps from the grid's origin, up to rounding. */
export function isOnGrid(
  { step, origin }: Pick<DequantizedKind, "step" | "origin">,
  value: number,
): boolean {
  const steps = (value - origin) / step;
  // Rounding errors are relative to the value, however few steps it is from the origin.
  const rounding = OFF_GRID.least + OFF_GRID.relative * Math.abs(value / step);
  return Math.abs(steps - Math.round(steps)) <= Math.min(OFF_GRID.most, rounding);
}

/** Why a value of a column has probability or density 0, or null if it is a possible one. */
export function whyImpossible(kind: ColumnKind, value: number): string | null {
  switch (kind.kind) {
    case "real":
      return null;
    case "log":
      return value > 0 ? null : `${value} is not above 0, and the model learnt logarithms`;
    case "dequantized":
      return isOnGrid(kind, value)
        ? null
        : `${value} is not ${gridWords(kind)}, as its values were in training`;
    case "categorical":
      return Number.isInteger(value) && value >= 0 && value < kind.categories.length
        ? null
        : `${value} is no index of its ${kind.categories.length} categories`;
    default:
      return kind satisfies never;
  }
}

/** The values of a grid, for people: `a whole number`, `a multiple of 0.1`. */
export function gridWords({ step, origin }: Pick<DequantizedKind, "step" | "origin">): string {
  if (origin !== 0) return `${origin} plus a multiple of ${step}`;
  return step === 1 ? "a whole number" : `a multiple of ${step}`;
}

/** The grid's value nearest to a number, without a rounding error in its last digit. */
export function gridValue(
  { step, origin }: Pick<DequantizedKind, "step" | "origin">,
  near: number,
): number {
  const value = origin + step * Math.round((near - origin) / step);
  // 51 steps of 0.1 are 5.1000000000000005; float64 keeps 15 digits of every decimal.
  return Number.isInteger(value) ? value : Number(value.toPrecision(15));
}

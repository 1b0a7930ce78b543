/** A solve at one tolerance: means over control groups, and how far the result is from the solution. */
export interface Measured {
  readonly tolerance: number;
  /** Root mean square over rows: nats, or the distance of samples. */
  readonly error: number;
  /** Median over rows. */
  readonly medianError: number;
  readonly nfe: number;
  readonly accepted: number;
  readonly rejected: number;
}

/** Costs of one controller over those of another at the same errors. */
export interface Ratio {
  /** Geometric mean over errors that both reach, spaced evenly in their logarithm. */
  readonly mean: number;
  readonly least: number;
  readonly most: number;
}

const ERRORS = 25;

/**
 * Compares costs at equal errors: log cost between the tolerances is linear in log error.
 *
 * @param error Which error; both curves are sorted by it.
 */
export function ratioAtEqualError(
  curve: readonly Measured[],
  reference: readonly Measured[],
  { cost, error }: {
    readonly cost: (measured: Measured) => number;
    readonly error: "error" | "medianError";
  },
): Ratio {
  const points = (measured: readonly Measured[]) =>
    measured.map((one) => [Math.log(one[error]), Math.log(cost(one))] as const)
      .sort(([a], [b]) => a - b);
  const ours = points(curve), theirs = points(reference);
  const low = Math.max(ours[0]![0], theirs[0]![0]);
  const high = Math.min(ours.at(-1)![0], theirs.at(-1)![0]);
  const logs = Array.from({ length: ERRORS }, (_, i) => {
    const at = low + (high - low) * i / (ERRORS - 1);
    return interpolated(ours, at) - interpolated(theirs, at);
  });
  return {
    mean: Math.exp(logs.reduce((sum, log) => sum + log, 0) / ERRORS),
    least: Math.exp(Math.min(...logs)),
    most: Math.exp(Math.max(...logs)),
  };
}

/** Geometric mean of a figure's ratio over the tolerances that both curves have. */
export function ratioAtTolerance(
  curve: readonly Measured[],
  reference: readonly Measured[],
  figure: (measured: Measured) => number,
): number {
  const logs = curve.flatMap((one) => {
    const other = reference.find(({ tolerance }) => tolerance === one.tolerance);
    return other === undefined ? [] : [Math.log(figure(one) / figure(other))];
  });
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** The ordinate at `x` of a line through points in ascending order, between the first and the last. */
function interpolated(points: readonly (readonly [number, number])[], x: number): number {
  const found = points.findIndex(([at]) => at >= x);
  // Rounding may put the end of the common range beyond the last point.
  const after = found < 0 ? points.length - 1 : Math.max(1, found);
  const [x0, y0] = points[after - 1]!, [x1, y1] = points[after]!;
  return x1 === x0 ? y0 : y0 + (y1 - y0) * (x - x0) / (x1 - x0);
}

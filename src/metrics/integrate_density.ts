import { FailureError } from "../runtime/errors.ts";

/** A rectangle of the plane, in data units. */
export interface Bounds {
  /** Left edge. */
  readonly xMin: number;
  /** Right edge. */
  readonly xMax: number;
  /** Lower edge. */
  readonly yMin: number;
  /** Upper edge. */
  readonly yMax: number;
}

/** A log-density at the centres of a rectangle's equal cells. */
export interface DensityGrid {
  /** What the cells cover. */
  readonly bounds: Bounds;
  /** Cells along x. */
  readonly columns: number;
  /** Cells along y. */
  readonly rows: number;
  /** [rows * columns], nats; row-major, the first row at `yMin`. */
  readonly logDensity: Float64Array;
}

/** The integral of a density, and what it was computed from. */
export interface GridMass {
  /** Integral of exp(logDensity) over the grid; 1 for a normalised density that it covers. */
  readonly mass: number;
  /**
   * How far the integral is from converged: the largest difference from it of the
   * four grids of twice the spacing that interleave in it. The error of `mass`
   * itself is smaller, for a smooth density by orders of magnitude.
   */
  readonly spread: number;
  /** The values; `densityPlot` draws them. */
  readonly grid: DensityGrid;
}

/** Log-density in nats of points [n * 2]: one number a point. */
export type LogDensity = (points: Float32Array) => Promise<ArrayLike<number>>;

/** The smallest rectangle around `points` [n * 2], wider on each side by `margin` (data units). */
export function boundsOf(points: ArrayLike<number>, margin: number): Bounds {
  let xMin = Infinity, xMax = -Infinity, yMin = Infinity, yMax = -Infinity;
  for (let i = 0; i < points.length; i += 2) {
    xMin = Math.min(xMin, points[i]!);
    xMax = Math.max(xMax, points[i]!);
    yMin = Math.min(yMin, points[i + 1]!);
    yMax = Math.max(yMax, points[i + 1]!);
  }
  if (!Number.isFinite(xMax - xMin + yMax - yMin)) {
    throw new RangeError(`boundsOf: expected at least 1 finite point, got ${points.length / 2}`);
  }
  return {
    xMin: xMin - margin,
    xMax: xMax + margin,
    yMin: yMin - margin,
    yMax: yMax + margin,
  };
}

/** Evaluates a log-density at the cell centres, at most `chunkRows` points a call. */
async function evaluate(
  logDensity: LogDensity,
  bounds: Bounds,
  options: { columns: number; rows: number; chunkRows: number },
): Promise<DensityGrid> {
  const { columns, rows, chunkRows } = options;
  const dx = (bounds.xMax - bounds.xMin) / columns, dy = (bounds.yMax - bounds.yMin) / rows;
  const count = columns * rows;
  const values = new Float64Array(count);
  for (let start = 0; start < count; start += chunkRows) {
    const n = Math.min(chunkRows, count - start);
    const points = new Float32Array(n * 2);
    for (let i = 0; i < n; i++) {
      points[2 * i] = bounds.xMin + ((start + i) % columns + 0.5) * dx;
      points[2 * i + 1] = bounds.yMin + (Math.floor((start + i) / columns) + 0.5) * dy;
    }
    const chunk = await logDensity(points);
    if (chunk.length !== n) {
      throw new RangeError(`integrateDensity: expected ${n} log-densities, got ${chunk.length}`);
    }
    for (let i = 0; i < n; i++) {
      if (Number.isNaN(chunk[i]!)) {
        throw new FailureError(
          `the log-density is not a number at (${points[2 * i]}, ${points[2 * i + 1]})`,
        );
      }
      values[start + i] = chunk[i]!;
    }
  }
  return { bounds, columns, rows, logDensity: values };
}

/** Share of the grid's mass that lies in the outermost cells of each side. */
function borderShares(
  grid: DensityGrid,
): { left: number; right: number; bottom: number; top: number } {
  const { columns, rows, logDensity } = grid;
  let total = 0;
  const share = { left: 0, right: 0, bottom: 0, top: 0 };
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const p = Math.exp(logDensity[row * columns + column]!);
      total += p;
      if (column === 0) share.left += p;
      if (column === columns - 1) share.right += p;
      if (row === 0) share.bottom += p;
      if (row === rows - 1) share.top += p;
    }
  }
  for (const side of ["left", "right", "bottom", "top"] as const) share[side] /= total;
  return share;
}

/** Cells along the longer side while the rectangle is being looked for. */
const SEARCH_CELLS = 32;
/** A side is moved outwards while its outermost cells hold more than this share of the mass. */
const BORDER_SHARE = 1e-5;
/** Each move widens the rectangle by a fifth, so six grow it threefold. */
const MOST_MOVES = 6;

function cellsOf(bounds: Bounds, longest: number): { columns: number; rows: number } {
  const width = bounds.xMax - bounds.xMin, height = bounds.yMax - bounds.yMin;
  // Even counts, so that four grids of twice the spacing interleave.
  const cells = (side: number) =>
    2 * Math.max(1, Math.ceil(longest * side / Math.max(width, height) / 2));
  return { columns: cells(width), rows: cells(height) };
}

/**
 * Integral of a density over the plane by the midpoint rule on a grid that
 * covers its mass:
 *   mass = sum over cells of exp(logDensity(centre)) * cell area
 * For a smooth density that vanishes at the border the rule converges faster
 * than any power of the spacing h: on a Gaussian of width s its error is about
 * 4 exp(-2 (pi s / h)^2). Source: Trefethen and Weideman 2014, The exponentially
 * convergent trapezoidal rule (the midpoint rule is its shift by h/2).
 *
 * The rectangle starts as that of `around` and grows on every side whose
 * outermost cells still hold mass, so mass that a model puts where there are no
 * points is counted too, as long as it hangs together with the rest.
 *
 * @param logDensity Called in chunks, one after the other.
 * @param options.around Points [n * 2] where the mass is thought to be.
 * @param options.cells Cells along the rectangle's longer side.
 * @param options.chunkRows Most points a call.
 * @throws {FailureError} If a log-density is NaN.
 * @throws {RangeError} If `around` holds no finite point.
 *
 * @example
 * ```ts
 * import { integrateDensity } from "./integrate_density.ts";
 * const gaussian = (points: Float32Array) =>
 *   Promise.resolve(Float64Array.from({ length: points.length / 2 }, (_, i) =>
 *     -Math.log(2 * Math.PI) - (points[2 * i]! ** 2 + points[2 * i + 1]! ** 2) / 2));
 * const { mass } = await integrateDensity(gaussian, { around: [-1, -1, 1, 1], cells: 64 });
 * // mass is 1 within 1e-6
 * ```
 */
export async function integrateDensity(
  logDensity: LogDensity,
  options: {
    readonly around: ArrayLike<number>;
    readonly cells?: number;
    readonly chunkRows?: number;
  },
): Promise<GridMass> {
  const { around, cells = 128, chunkRows = 4096 } = options;
  const tight = boundsOf(around, 0);
  const extent = Math.max(tight.xMax - tight.xMin, tight.yMax - tight.yMin);
  let bounds = boundsOf(around, extent > 0 ? 0.1 * extent : 1);
  for (let move = 0; move < MOST_MOVES; move++) {
    const coarse = await evaluate(logDensity, bounds, {
      ...cellsOf(bounds, SEARCH_CELLS),
      chunkRows,
    });
    const share = borderShares(coarse);
    const step = 0.2 * Math.max(bounds.xMax - bounds.xMin, bounds.yMax - bounds.yMin);
    const by = (value: number) => value > BORDER_SHARE ? step : 0;
    const moves = {
      left: by(share.left),
      right: by(share.right),
      bottom: by(share.bottom),
      top: by(share.top),
    };
    if (moves.left + moves.right + moves.bottom + moves.top === 0) break;
    bounds = {
      xMin: bounds.xMin - moves.left,
      xMax: bounds.xMax + moves.right,
      yMin: bounds.yMin - moves.bottom,
      yMax: bounds.yMax + moves.top,
    };
  }
  const grid = await evaluate(logDensity, bounds, { ...cellsOf(bounds, cells), chunkRows });
  const { columns, rows } = grid;
  const area = (bounds.xMax - bounds.xMin) * (bounds.yMax - bounds.yMin) / (columns * rows);
  const interleaved = new Float64Array(4);
  grid.logDensity.forEach((value, i) => {
    const corner = (i % columns) % 2 + 2 * (Math.floor(i / columns) % 2);
    interleaved[corner]! += Math.exp(value) * 4 * area;
  });
  const mass = interleaved.reduce((sum, part) => sum + part, 0) / 4;
  const spread = Math.max(...interleaved.map((part) => Math.abs(part - mass)));
  return { mass, spread, grid };
}

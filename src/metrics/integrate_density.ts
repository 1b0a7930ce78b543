import { type Bounds, boundsOf } from "./bounds.ts";
import {
  type Cell,
  CELL_NODES,
  cutCell,
  type Drawn,
  judgeCell,
  leafAt,
  leavesOf,
  newCell,
  nodeMasses,
  sumOf,
  writeNodes,
} from "./density_cells.ts";
import { type DensityGrid, gridOf } from "./density_grid.ts";
import { areaOf, frameOf, fromPlane, type PlaneFrame } from "./plane_frame.ts";

/** The integral of a density, and details of its computation. */
export interface DensityMass {
  /** Integral over the plane, 1 for a normalised density; null if `reason` is set. */
  readonly mass: number | null;
  /** Human-readable reason why `mass` is null, without a full stop; else null. */
  readonly reason: string | null;
  /** Whether the location of the mass is known, even if its amount is not. */
  readonly isLocated: boolean;
  /** Estimated error of the sum behind `mass`, usually far above the true error. */
  readonly error: number;
  /** Number of density evaluations. */
  readonly evaluations: number;
  /** The rectangle beyond each side of which `share` of the mass lies. */
  region(share: number): Bounds;
  /**
   * The integrated density for plots, averaged over a regular grid in `bounds`. Null if the mass is
   * not located, or the density was undefined or infinite at some point.
   */
  grid(bounds: Bounds): DensityGrid | null;
}

/** Log-density in nats at points [n * 2], one value per point; NaN where it is undefined. */
export type LogDensity = (points: Float64Array) => Promise<ArrayLike<number>>;

/** Refinement stops when the sum of the estimated errors is below this share of the mass. */
const TOLERANCE = 1e-3;
/** Above this share, the sum does not count as converged. */
const MAX_ERROR = 2e-3;
/** Share of the samples per cell, at most, before the first evaluation. */
const CELL_SHARE = 0.03;
/** Aspect ratio, relative to the cell, below which a cell's samples count as a narrow strip. */
const NARROW = 0.3;
/** Maximum subdivision depth before the first evaluation: equal samples never separate. */
const MAX_CUTS = 40;
/** Maximum number of rings around the box; each doubles the covered width. */
const MAX_RINGS = 16;
/** A ring with less than this share of the mass is the last. */
const LAST_RING = 1e-5;
/** Unless a ring's mass falls by this factor, nothing is known about the mass beyond it. */
const FALLING = 0.75;

/**
 * Integrates a density over the plane by adaptive cubature.
 *
 * Works in a frame that whitens the points ({@link frameOf}). A bounding box is subdivided until
 * every cell contains few samples, which finds islands of mass at any distance from each other;
 * then the cells with the largest estimated errors are subdivided until the total error is small.
 * Rings around the box are added until they contain no more mass, or until their mass decays
 * regularly enough to sum the rest as a geometric series. If the integral does not converge,
 * `mass` is null.
 *
 * @param logDensity Called for one chunk of points at a time.
 * @param options.around Points [n * 2] that the box encloses: data, or samples if there are none.
 * @param options.samples Points [n * 2] drawn from the density. Cells with samples but no mass are
 *   subdivided further, regardless of their error estimates.
 * @param options.chunkRows Maximum points per call.
 * @param options.maxEvaluations Maximum points in total, unless the first cells need more.
 * @throws {RangeError} If there is no point, or one is not finite.
 *
 * @example
 * ```ts
 * import { integrateDensity } from "./integrate_density.ts";
 * const gaussian = (points: Float64Array) =>
 *   Promise.resolve(Float64Array.from({ length: points.length / 2 }, (_, i) =>
 *     -Math.log(2 * Math.PI) - (points[2 * i]! ** 2 + points[2 * i + 1]! ** 2) / 2));
 * const { mass } = await integrateDensity(gaussian, { around: [-1, -1, 1, 1] });
 * // mass is 1 within 1e-4
 * ```
 */
export async function integrateDensity(
  logDensity: LogDensity,
  options: {
    readonly around: ArrayLike<number>;
    readonly samples?: ArrayLike<number>;
    readonly chunkRows?: number;
    readonly maxEvaluations?: number;
  },
): Promise<DensityMass> {
  const { around, samples = [], chunkRows = 2048, maxEvaluations = 60_000 } = options;
  const points = [...Array.from(around), ...Array.from(samples)];
  boundsOf(points, 0); // throws if a point is not finite
  const frame = frameOf(points);
  const drawn = {
    points: inFrame(frame, samples),
    logDensity: new Float64Array(samples.length / 2),
  };
  const cubature: Cubature = {
    frame,
    drawn,
    logDensity,
    chunkRows,
    maxEvaluations,
    roots: [],
    reach: 1,
    evaluations: 0,
    unknown: null,
  };
  drawn.logDensity.set(await evaluate(cubature, Float64Array.from(samples)));
  let box = boxAround(inFrame(frame, points));
  await addCells(
    cubature,
    seedBoxes(box, samples.length > 0 ? drawn.points : inFrame(frame, around)),
  );
  let converged = await refine(cubature);
  // Mass beyond the outermost ring; unknown until two rings have been integrated.
  let tail = Infinity, previous = NaN;
  for (let ring = 0; ring < MAX_RINGS && converged && cubature.unknown === null; ring++) {
    cubature.reach *= 2;
    const cells = await addCells(cubature, ringAround(box));
    box = doubled(box);
    converged = await refine(cubature);
    const total = totalOf(cubature), mass = sumOf(cells.flatMap(leavesOf), "integral");
    if (mass <= LAST_RING * total) {
      tail = mass;
      break;
    }
    const factor = mass / previous;
    tail = factor < FALLING ? mass * factor / (1 - factor) : Infinity;
    if (tail <= TOLERANCE * total) break;
    previous = mass;
  }
  return resultOf(cubature, tail);
}

/** State of a running cubature. */
interface Cubature {
  readonly frame: PlaneFrame;
  readonly drawn: Drawn;
  readonly logDensity: LogDensity;
  readonly chunkRows: number;
  readonly maxEvaluations: number;
  /** Top-level cells, which tile a rectangle. */
  roots: readonly Cell[];
  /** Width of that rectangle, in widths of the box around the points. */
  reach: number;
  evaluations: number;
  /** The first point at which the density was NaN or infinite; evaluation stops there. */
  unknown: { readonly at: readonly [number, number]; readonly value: number } | null;
}

type Box = Cell["box"];

function inFrame(frame: PlaneFrame, points: ArrayLike<number>): Float64Array {
  const inside = new Float64Array(points.length);
  for (let i = 0; i < points.length; i += 2) {
    inside.set(fromPlane(frame, points[i]!, points[i + 1]!), i);
  }
  return inside;
}

/** Bounding box in frame coordinates, enlarged on each side by a tenth, at least one unit. */
function boxAround(points: Float64Array): Box {
  const { xMin, xMax, yMin, yMax } = boundsOf(points, 0);
  const u = Math.max(1, 0.1 * (xMax - xMin)), v = Math.max(1, 0.1 * (yMax - yMin));
  return [xMin - u, xMax + u, yMin - v, yMax + v];
}

/**
 * Subdivides the box into at least 4 x 4 cells, and further until none contains more than
 * {@link CELL_SHARE} of the `seeds` [n * 2]; along one axis only if a cell's seeds lie in a narrow
 * strip.
 */
function seedBoxes(box: Box, seeds: Float64Array): Box[] {
  const boxes: Box[] = [];
  const few = Math.max(2, CELL_SHARE * seeds.length / 2);
  const cut = (part: Box, numbers: readonly number[], depth: number) => {
    if (depth >= 2 && (numbers.length <= few || depth >= MAX_CUTS)) {
      boxes.push(part);
      return;
    }
    const [uMin, uMax, vMin, vMax] = part;
    const u = (uMin + uMax) / 2, v = (vMin + vMax) / 2;
    const [acrossU, acrossV] = [0, 1].map((axis) => {
      const along = numbers.map((i) => seeds[2 * i + axis]!);
      return (Math.max(...along) - Math.min(...along)) / (axis === 0 ? uMax - uMin : vMax - vMin);
    }) as [number, number];
    const both = depth < 2;
    const us = both || acrossU < NARROW * acrossV || !(acrossV < NARROW * acrossU);
    const vs = both || acrossV < NARROW * acrossU || !(acrossU < NARROW * acrossV);
    for (const [u0, u1] of us ? [[uMin, u], [u, uMax]] as const : [[uMin, uMax]] as const) {
      for (const [v0, v1] of vs ? [[vMin, v], [v, vMax]] as const : [[vMin, vMax]] as const) {
        const inside = (i: number) => {
          const [x, y] = [seeds[2 * i]!, seeds[2 * i + 1]!];
          return x >= u0 && x < u1 && y >= v0 && y < v1;
        };
        cut([u0, u1, v0, v1], numbers.filter(inside), depth + 1);
      }
    }
  };
  cut(box, Array.from({ length: seeds.length / 2 }, (_, i) => i), 0);
  return boxes;
}

/** The box of twice the size with the same centre. */
function doubled([uMin, uMax, vMin, vMax]: Box): Box {
  const u = (uMax - uMin) / 2, v = (vMax - vMin) / 2;
  return [uMin - u, uMax + u, vMin - v, vMax + v];
}

/** The ring between the box and {@link doubled}: twelve cells of half the box's sides. */
function ringAround(box: Box): Box[] {
  const [uMin, uMax, vMin, vMax] = doubled(box);
  const u = (uMax - uMin) / 4, v = (vMax - vMin) / 4;
  const places = [0, 1, 2, 3];
  return places.flatMap((row) =>
    places.filter((column) => row % 3 === 0 || column % 3 === 0).map((column): Box => [
      // Inner edges equal those of the box bit for bit.
      column === 1 ? box[0] : column === 3 ? box[1] : uMin + column * u,
      column === 0 ? box[0] : column === 2 ? box[1] : uMin + (column + 1) * u,
      row === 1 ? box[2] : row === 3 ? box[3] : vMin + row * v,
      row === 0 ? box[2] : row === 2 ? box[3] : vMin + (row + 1) * v,
    ])
  );
}

async function addCells(cubature: Cubature, boxes: readonly Box[]): Promise<readonly Cell[]> {
  const { drawn, roots } = cubature;
  const cells = boxes.map((box) => newCell(box, drawn, drawn.logDensity.keys()));
  await evaluateCells(cubature, cells);
  cubature.roots = [...roots, ...cells];
  return cells;
}

async function evaluateCells(cubature: Cubature, cells: readonly Cell[]): Promise<void> {
  const { frame, drawn } = cubature;
  const points = new Float64Array(2 * CELL_NODES * cells.length);
  cells.forEach((cell, i) => writeNodes(cell, frame, points, 2 * CELL_NODES * i));
  const values = await evaluate(cubature, points);
  cells.forEach((cell, i) => {
    cell.logDensity.set(values.subarray(CELL_NODES * i, CELL_NODES * (i + 1)));
    judgeCell(cell, drawn);
  });
}

/** Evaluates the log-density per unit of frame area at points of the plane. */
async function evaluate(cubature: Cubature, points: Float64Array): Promise<Float64Array> {
  const { frame, logDensity, chunkRows } = cubature;
  const logArea = Math.log(areaOf(frame));
  const values = new Float64Array(points.length / 2).fill(-Infinity);
  for (let start = 0; start < values.length && cubature.unknown === null; start += chunkRows) {
    const part = points.subarray(2 * start, 2 * (start + chunkRows));
    const chunk = await logDensity(part);
    if (chunk.length !== part.length / 2) {
      throw new RangeError(
        `integrateDensity: expected ${part.length / 2} log-densities, got ${chunk.length}`,
      );
    }
    for (let i = 0; i < chunk.length; i++) {
      const value = chunk[i]!;
      if (!(value < Infinity)) cubature.unknown ??= { at: [part[2 * i]!, part[2 * i + 1]!], value };
      values[start + i] = value < Infinity ? value + logArea : -Infinity;
    }
  }
  cubature.evaluations += values.length;
  return values;
}

function totalOf({ roots }: Cubature): number {
  return sumOf(roots.flatMap(leavesOf), "integral");
}

/**
 * Subdivides the cells with the largest errors until the total error is small.
 *
 * @returns Whether the integral converged, at least to {@link MAX_ERROR}.
 */
async function refine(cubature: Cubature): Promise<boolean> {
  for (;;) {
    const leaves = cubature.roots.flatMap(leavesOf);
    const enough = TOLERANCE * sumOf(leaves, "integral");
    const falling = leaves.filter(({ error }) => error > 0).sort((a, b) => b.error - a.error);
    const error = sumOf(falling, "error");
    const coarse = coarseNeighbours(cubature.roots, leaves, enough / 50);
    if (error <= enough && coarse.length === 0 || cubature.unknown !== null) return true;
    const worst = coarse;
    let left = error;
    for (const cell of falling) {
      if (left <= enough / 2) break;
      if (!worst.includes(cell)) worst.push(cell);
      left -= cell.error;
    }
    if (cubature.evaluations + 4 * CELL_NODES * worst.length > cubature.maxEvaluations) {
      return error <= MAX_ERROR / TOLERANCE * enough;
    }
    await evaluateCells(cubature, worst.flatMap((cell) => cutCell(cell, cubature.drawn)));
  }
}

/** Maximum ratio of a cell's width to that of a neighbour with mass. */
const COARSER = 4;

/**
 * Cells next to much finer ones with more than `least` of the mass: thin structure there may
 * continue into them and pass between their nodes.
 */
function coarseNeighbours(roots: readonly Cell[], leaves: readonly Cell[], least: number): Cell[] {
  const coarse = new Map<Cell, "u" | "v">();
  for (const { box: [uMin, uMax, vMin, vMax], integral } of leaves) {
    if (integral <= least) continue;
    const u = (uMin + uMax) / 2, v = (vMin + vMax) / 2, du = uMax - uMin, dv = vMax - vMin;
    // Just beyond each edge, by less than the width of any cell.
    const beside = [[u, vMin - 1e-6 * dv, "u"], [u, vMax + 1e-6 * dv, "u"]] as const;
    const abreast = [[uMin - 1e-6 * du, v, "v"], [uMax + 1e-6 * du, v, "v"]] as const;
    for (const [x, y, cut] of [...beside, ...abreast]) {
      const other = leafAt(roots, x, y);
      if (other === undefined) continue;
      const [u0, u1, v0, v1] = other.box;
      const ratio = cut === "u" ? (u1 - u0) / du : (v1 - v0) / dv;
      if (ratio > COARSER * 1.01) coarse.set(other, cut);
    }
  }
  for (const [cell, cut] of coarse) cell.cut = cut;
  return [...coarse.keys()];
}

/** @param tail Estimated mass beyond the cells; infinite if unknown. */
function resultOf(cubature: Cubature, tail: number): DensityMass {
  const { frame, roots, evaluations, unknown } = cubature;
  const leaves = roots.flatMap(leavesOf);
  const total = sumOf(leaves, "integral");
  const reason = failureReason(cubature, leaves, tail);
  const isLocated = unknown === null && total > 0 && !isAnyBlurred(leaves, frame, total);
  return {
    mass: reason === null ? total : null,
    reason,
    isLocated,
    error: sumOf(leaves, "error") + tail,
    evaluations,
    region: (share) => regionOf(leaves, frame, share),
    grid: (bounds) => isLocated ? gridOf(cubature, bounds) : null,
  };
}

/** The reason why the sum is not the density's mass; null if it is. */
function failureReason(
  { unknown, evaluations, reach, frame }: Cubature,
  leaves: readonly Cell[],
  tail: number,
): string | null {
  if (unknown !== null) {
    const at = unknown.at.map((x) => Number(x.toPrecision(4))).join(", ");
    return Number.isNaN(unknown.value)
      ? `the density has no value at (${at}): a solve fails there`
      : `the density overflows at (${at})`;
  }
  const total = sumOf(leaves, "integral"), error = sumOf(leaves, "error");
  if (!(total > 0)) return "the density is 0 wherever it was evaluated";
  if (isAnyBlurred(leaves, frame, total)) {
    return "float64 cannot tell apart the points between which the density varies: its numbers are " +
      "too large beside their spread, or a point lies too far from the others";
  }
  if (error + tail <= MAX_ERROR * total) return null;
  const sum = `the sum is ${total.toPrecision(3)}`;
  return error > MAX_ERROR * total
    ? `the quadrature has not converged after ${evaluations} evaluations: ${sum}, with an ` +
      `estimated error of ${error.toPrecision(2)}`
    : `the density falls off too slowly: ${sum} within ${reach} times the width of the points, ` +
      "and there is mass beyond";
}

/** Minimum width of a cell in float64 spacings; below, rounding displaces its nodes. */
const MIN_STEPS = 256;

/** Whether the float64 spacing of the plane's coordinates is too coarse for a cell. */
function isBlurred({ box: [uMin, uMax, vMin, vMax] }: Cell, frame: PlaneFrame): boolean {
  const { center, scale, slope } = frame;
  const u = Math.max(-uMin, uMax), v = Math.max(-vMin, vMax);
  const x = Math.abs(center[0]) + scale[0] * u;
  const y = Math.abs(center[1]) + Math.abs(slope) * u + scale[1] * v;
  const coarse = MIN_STEPS * Number.EPSILON;
  return scale[0] * (uMax - uMin) < coarse * x || scale[1] * (vMax - vMin) < coarse * y;
}

function isAnyBlurred(leaves: readonly Cell[], frame: PlaneFrame, total: number): boolean {
  const blurred = sumOf(leaves.filter((cell) => isBlurred(cell, frame)), "integral");
  return blurred > MAX_ERROR * total;
}

function regionOf(leaves: readonly Cell[], frame: PlaneFrame, share: number): Bounds {
  const points = new Float64Array(2 * CELL_NODES * leaves.length);
  const masses = new Float64Array(CELL_NODES * leaves.length);
  leaves.forEach((cell, i) => {
    writeNodes(cell, frame, points, 2 * CELL_NODES * i);
    masses.set(nodeMasses(cell), CELL_NODES * i);
  });
  const total = masses.reduce((sum, mass) => sum + mass, 0);
  const ends = (axis: 0 | 1): [number, number] => {
    const order = Array.from(masses, (_, i) => i)
      .filter((i) => masses[i]! > 0)
      .sort((a, b) => points[2 * a + axis]! - points[2 * b + axis]!);
    const end = (numbers: readonly number[]) => {
      let passed = 0;
      for (const i of numbers) {
        passed += masses[i]!;
        if (passed > share * total) return points[2 * i + axis]!;
      }
      return frame.center[axis];
    };
    return [end(order), end(order.reverse())];
  };
  const [xMin, xMax] = ends(0), [yMin, yMax] = ends(1);
  return { xMin, xMax, yMin, yMax };
}

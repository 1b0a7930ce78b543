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

/** The integral of a density, and what it was computed from. */
export interface DensityMass {
  /** Integral over the plane, 1 for a normalised density; null where `reason` says why not. */
  readonly mass: number | null;
  /** Why there is no mass, for people, without a full stop; null where there is one. */
  readonly reason: string | null;
  /** Whether it is known where the mass lies, if not how much there is. */
  readonly isLocated: boolean;
  /** Estimated error of the sum behind `mass`, mostly far above the true one. */
  readonly error: number;
  /** How many points the density was evaluated at. */
  readonly evaluations: number;
  /** The rectangle outside of which, on each of its sides, `share` of the mass lies. */
  region(share: number): Bounds;
  /**
   * The density that was integrated, for pictures: its means over equal cells of `bounds`.
   * null where it has no value somewhere, at which the integral ended, or is not located.
   */
  grid(bounds: Bounds): DensityGrid | null;
}

/** Log-density in nats of points [n * 2]: one number a point. NaN: it has none there. */
export type LogDensity = (points: Float64Array) => Promise<ArrayLike<number>>;

/** Share of the mass that the sum of the cells' estimated errors falls below before it is enough. */
const TOLERANCE = 1e-3;
/** Share above which the sum does not count as converged. */
const MOST_ERROR = 2e-3;
/** Cells are cut before the first evaluation until they hold at most this share of the samples. */
const CELL_SHARE = 0.03;
/** A strip's width beside its length, each in those of its cell. */
const NARROW = 0.3;
/** Cuts of a cell before the first evaluation, at most: samples that are equal stay together. */
const MOST_CUTS = 40;
/** Rings around the box, each as wide as what is inside it, at most. */
const MOST_RINGS = 16;
/** A ring with less than this share of the mass is the last. */
const LAST_RING = 1e-5;
/** Rings whose mass does not fall by this factor promise nothing about those beyond. */
const FALLING = 0.75;

/**
 * Integral of a density over the plane by adaptive cubature.
 *
 * The plane is seen in a frame in which the points are round ({@link frameOf}). A
 * box around them is cut until every cell holds few samples, so that islands of mass
 * are found however far they lie from each other; then the cells whose estimated
 * errors are largest are cut on, until all errors together are small. Rings around
 * the box follow until they hold no more mass, or so regularly less that the rest
 * is a geometric series. An integral that does not converge is not given.
 *
 * @param logDensity Called in chunks, one after the other.
 * @param options.around Points [n * 2] that the box holds: data, or samples if there are no others.
 * @param options.samples Points [n * 2] drawn from the density. Cells that hold
 *   samples but no mass are cut further, whatever their values seem to say.
 * @param options.chunkRows Most points per call.
 * @param options.maxEvaluations Points in all, at most; more only if the first cells need them.
 * @throws {RangeError} If there is no finite point.
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
  boundsOf(points, 0); // refuses what is not finite
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
  // What lies beyond the outermost ring; not known before two rings have been looked at.
  let tail = Infinity, previous = NaN;
  for (let ring = 0; ring < MOST_RINGS && converged && cubature.unknown === null; ring++) {
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

/** A cubature under way. */
interface Cubature {
  readonly frame: PlaneFrame;
  readonly drawn: Drawn;
  readonly logDensity: LogDensity;
  readonly chunkRows: number;
  readonly maxEvaluations: number;
  /** What the plane has been cut into; they touch and do not overlap. */
  roots: readonly Cell[];
  /** Width of what they cover, in widths of the box around the points. */
  reach: number;
  evaluations: number;
  /** The first point at which there was no density; nothing is evaluated after it. */
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

/** The box of some points of the frame, a tenth wider on each side, and one unit at least. */
function boxAround(points: Float64Array): Box {
  const { xMin, xMax, yMin, yMax } = boundsOf(points, 0);
  const u = Math.max(1, 0.1 * (xMax - xMin)), v = Math.max(1, 0.1 * (yMax - yMin));
  return [xMin - u, xMax + u, yMin - v, yMax + v];
}

/**
 * The box cut into four cells by four at least, and on until none holds more than
 * {@link CELL_SHARE} of the `seeds` [n * 2]: along one axis alone where those of a cell
 * lie in a narrow strip of it.
 */
function seedBoxes(box: Box, seeds: Float64Array): Box[] {
  const boxes: Box[] = [];
  const few = Math.max(2, CELL_SHARE * seeds.length / 2);
  const cut = (part: Box, numbers: readonly number[], depth: number) => {
    if (depth >= 2 && (numbers.length <= few || depth >= MOST_CUTS)) {
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

/** The box of twice the size around the same middle. */
function doubled([uMin, uMax, vMin, vMax]: Box): Box {
  const u = (uMax - uMin) / 2, v = (vMax - vMin) / 2;
  return [uMin - u, uMax + u, vMin - v, vMax + v];
}

/** {@link doubled} without the box: twelve cells of half its sides. */
function ringAround(box: Box): Box[] {
  const [uMin, uMax, vMin, vMax] = doubled(box);
  const u = (uMax - uMin) / 4, v = (vMax - vMin) / 4;
  const places = [0, 1, 2, 3];
  return places.flatMap((row) =>
    places.filter((column) => row % 3 === 0 || column % 3 === 0).map((column): Box => [
      // The inner edges are those of the box, bit for bit.
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

/** Log of the density per area of the frame at points of the plane. */
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
 * Cuts the cells with the largest errors until all errors together are small.
 *
 * @returns Whether the integral counts as converged, if not as small as it was asked for.
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
      return error <= MOST_ERROR / TOLERANCE * enough;
    }
    await evaluateCells(cubature, worst.flatMap((cell) => cutCell(cell, cubature.drawn)));
  }
}

/** A cell is at most so many times as wide as a neighbour that holds mass. */
const COARSER = 4;

/**
 * Cells that lie beside much finer ones which hold more than `least` of the mass: what
 * is as thin there goes on in them, and may pass between their nodes.
 */
function coarseNeighbours(roots: readonly Cell[], leaves: readonly Cell[], least: number): Cell[] {
  const coarse = new Map<Cell, "u" | "v">();
  for (const { box: [uMin, uMax, vMin, vMax], integral } of leaves) {
    if (integral <= least) continue;
    const u = (uMin + uMax) / 2, v = (vMin + vMax) / 2, du = uMax - uMin, dv = vMax - vMin;
    // A bit beyond each edge, by less than any cell is wide.
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

/** @param tail Estimated mass beyond the cells; infinite where it is not known. */
function resultOf(cubature: Cubature, tail: number): DensityMass {
  const { frame, roots, evaluations, unknown } = cubature;
  const leaves = roots.flatMap(leavesOf);
  const total = sumOf(leaves, "integral");
  const reason = reasonAgainst(cubature, leaves, tail);
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

/** Why the sum is not the density's mass; null: it is. */
function reasonAgainst(
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
  if (error + tail <= MOST_ERROR * total) return null;
  const sum = `the sum is ${total.toPrecision(3)}`;
  return error > MOST_ERROR * total
    ? `the quadrature has not converged after ${evaluations} evaluations: ${sum}, with an ` +
      `estimated error of ${error.toPrecision(2)}`
    : `the density falls off too slowly: ${sum} within ${reach} times the width of the points, ` +
      "and there is mass beyond";
}

/** Steps of float64 that a cell is wide, at least; with fewer its points are not where they should be. */
const LEAST_STEPS = 256;

/** Whether the plane's coordinates in float64 are too coarse for a cell. */
function isBlurred({ box: [uMin, uMax, vMin, vMax] }: Cell, frame: PlaneFrame): boolean {
  const { center, scale, slope } = frame;
  const u = Math.max(-uMin, uMax), v = Math.max(-vMin, vMax);
  const x = Math.abs(center[0]) + scale[0] * u;
  const y = Math.abs(center[1]) + Math.abs(slope) * u + scale[1] * v;
  const coarse = LEAST_STEPS * Number.EPSILON;
  return scale[0] * (uMax - uMin) < coarse * x || scale[1] * (vMax - vMin) < coarse * y;
}

function isAnyBlurred(leaves: readonly Cell[], frame: PlaneFrame, total: number): boolean {
  const blurred = sumOf(leaves.filter((cell) => isBlurred(cell, frame)), "integral");
  return blurred > MOST_ERROR * total;
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

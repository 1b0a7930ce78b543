import { fromPlane, type PlaneFrame, toPlane } from "./plane_frame.ts";

/** Nodes per cell and axis: the five-point Gauss-Legendre rule (degree 9) on [-1, 1]. */
const NODES = [
  -0.9061798459386640,
  -0.5384693101056831,
  0,
  0.5384693101056831,
  0.9061798459386640,
] as const;
const WEIGHTS = [
  0.2369268850561891,
  0.4786286704993665,
  0.5688888888888889,
  0.4786286704993665,
  0.2369268850561891,
] as const;
const SIDE = NODES.length;

/** Nodes per cell. */
export const CELL_NODES = SIDE * SIDE;

/** [k - 1][node]: weights of the values along an axis in the degree-k Legendre coefficient. */
const LEGENDRE = [
  (x: number) => x,
  (x: number) => (3 * x * x - 1) / 2,
  (x: number) => (5 * x * x - 3) * x / 2,
  (x: number) => ((35 * x * x - 30) * x * x + 3) / 8,
].map((polynomial, i) => NODES.map((x, node) => (2 * i + 3) / 2 * WEIGHTS[node]! * polynomial(x)));

/** A rectangle in frame coordinates; a node of the tree of subdivided cells. */
export interface Cell {
  /** [uMin, uMax, vMin, vMax] */
  readonly box: readonly [number, number, number, number];
  /** Indices of the samples inside. */
  readonly samples: readonly number[];
  /** [CELL_NODES], row-major with u along rows: log-density per unit of frame area. */
  readonly logDensity: Float64Array;
  /** Maximum of `logDensity`. */
  highest: number;
  /** Integral of the density over the cell. */
  integral: number;
  /** Estimated error of `integral`. */
  error: number;
  /** Axis to subdivide: the one along which the values vary most; null for both. */
  cut: "u" | "v" | null;
  /** Subcells; empty for a leaf. */
  children: readonly Cell[];
}

/** Samples from the density in frame coordinates, with the density there. */
export interface Drawn {
  /** [n * 2] */
  readonly points: Float64Array;
  /** [n]: log-density per unit of frame area. */
  readonly logDensity: Float64Array;
}

/** A cell that has not been evaluated, with those of the `candidates` samples that lie in it. */
export function newCell(box: Cell["box"], drawn: Drawn, candidates: Iterable<number>): Cell {
  const samples: number[] = [];
  for (const i of candidates) {
    if (holds(box, drawn.points[2 * i]!, drawn.points[2 * i + 1]!)) samples.push(i);
  }
  return {
    box,
    samples,
    logDensity: new Float64Array(CELL_NODES),
    highest: -Infinity,
    integral: 0,
    error: 0,
    cut: null,
    children: [],
  };
}

function holds([uMin, uMax, vMin, vMax]: Cell["box"], u: number, v: number): boolean {
  return u >= uMin && u < uMax && v >= vMin && v < vMax;
}

/** Subdivides a cell into two or four, according to its `cut`. */
export function cutCell(cell: Cell, drawn: Drawn): readonly Cell[] {
  const [uMin, uMax, vMin, vMax] = cell.box;
  const u = (uMin + uMax) / 2, v = (vMin + vMax) / 2;
  const us = cell.cut === "v" ? [[uMin, uMax]] as const : [[uMin, u], [u, uMax]] as const;
  const vs = cell.cut === "u" ? [[vMin, vMax]] as const : [[vMin, v], [v, vMax]] as const;
  cell.children = vs.flatMap(([v0, v1]) =>
    us.map(([u0, u1]) => newCell([u0, u1, v0, v1], drawn, cell.samples))
  );
  return cell.children;
}

/** Writes a cell's nodes into `points` [n * 2] from index `at`, in plane coordinates. */
export function writeNodes(cell: Cell, frame: PlaneFrame, points: Float64Array, at: number): void {
  const [uMin, uMax, vMin, vMax] = cell.box;
  for (let i = 0; i < CELL_NODES; i++) {
    const u = (uMin + uMax + (uMax - uMin) * NODES[i % SIDE]!) / 2;
    const v = (vMin + vMax + (vMax - vMin) * NODES[Math.floor(i / SIDE)]!) / 2;
    points.set(toPlane(frame, u, v), at + 2 * i);
  }
}

/** Contribution of each node to the integral of its cell, [CELL_NODES]. */
export function nodeMasses({ box: [uMin, uMax, vMin, vMax], logDensity }: Cell): Float64Array {
  const area = (uMax - uMin) * (vMax - vMin);
  return logDensity.map((value, i) =>
    Math.exp(value) * WEIGHTS[i % SIDE]! * WEIGHTS[Math.floor(i / SIDE)]! * area / 4
  );
}

/**
 * Computes a cell's integral from its `logDensity`, and an error estimate from the decay of the
 * Legendre coefficients. The rule has errors from degree 10 on. With c_k the mean magnitude of the
 * degree-k coefficients along an axis, and rho = (c3 + c4) / (c1 + c2) the decay per two degrees,
 * (c3 + c4) rho^2 estimates degrees 7 and 8; using it as the error is conservative by two factors
 * of rho.
 *
 * No rule can detect mass between its nodes, but samples can: if the density at a sample differs
 * from the interpolated value by more than a factor of {@link FACTOR}, the cell is unresolved, and
 * its error is at least the sample's share of the mass.
 */
export function judgeCell(cell: Cell, drawn: Drawn): void {
  const [uMin, uMax, vMin, vMax] = cell.box;
  const area = (uMax - uMin) * (vMax - vMin);
  cell.highest = Math.max(...cell.logDensity);
  const values = cell.logDensity.map(Math.exp);
  cell.integral = nodeMasses(cell).reduce((sum, mass) => sum + mass, 0);
  const alongU = errorAlong((row, i) => values[row * SIDE + i]!);
  const alongV = errorAlong((row, i) => values[i * SIDE + row]!);
  cell.cut = alongU > 8 * alongV ? "u" : alongV > 8 * alongU ? "v" : null;
  const missed = cell.samples.filter((i) => {
    const said = interpolate(cell, drawn.points[2 * i]!, drawn.points[2 * i + 1]!);
    return !(Math.abs(said - drawn.logDensity[i]!) < Math.log(FACTOR));
  });
  cell.error = Math.max((alongU + alongV) * area, missed.length / drawn.logDensity.length || 0);
}

/** Largest accepted ratio of sampled and interpolated density; see {@link judgeCell}. */
const FACTOR = 2;

/** Error estimate from the high-degree coefficients along one axis, averaged over the other. */
function errorAlong(value: (row: number, i: number) => number): number {
  const coefficients = [0, 0, 0, 0];
  for (let row = 0; row < SIDE; row++) {
    for (let k = 0; k < coefficients.length; k++) {
      let coefficient = 0;
      for (let i = 0; i < SIDE; i++) coefficient += LEGENDRE[k]![i]! * value(row, i);
      coefficients[k]! += Math.abs(coefficient) * WEIGHTS[row]! / 2;
    }
  }
  const [c1, c2, c3, c4] = coefficients as [number, number, number, number];
  const high = c3 + c4, low = c1 + c2;
  const factor = high === 0 ? 0 : Math.min(1, high / low);
  return high * factor ** 3;
}

/** Denominators of the Lagrange polynomials: products of node differences. */
const DENOMINATORS = NODES.map((node, i) =>
  NODES.reduce((product, other, k) => k === i ? product : product * (node - other), 1)
);

/** The Lagrange polynomials of the nodes, evaluated at x. */
function lagrange(x: number): [number, number, number, number, number] {
  const a = x - NODES[0], b = x - NODES[1], c = x - NODES[2], d = x - NODES[3], e = x - NODES[4];
  const ab = a * b, de = d * e;
  return [
    b * c * de / DENOMINATORS[0]!,
    a * c * de / DENOMINATORS[1]!,
    ab * de / DENOMINATORS[2]!,
    ab * c * e / DENOMINATORS[3]!,
    ab * c * d / DENOMINATORS[4]!,
  ];
}

/** Interpolation clamps log-densities to at most this far below a cell's highest. */
const DEPTH = 60;

/**
 * Interpolated log-density per unit of frame area at a point of a cell. Interpolates the logarithm
 * because it is closer to a polynomial than the density.
 */
function interpolate(cell: Cell, u: number, v: number): number {
  const { box: [uMin, uMax, vMin, vMax], logDensity, highest } = cell;
  if (highest === -Infinity) return -Infinity;
  const alongU = lagrange((2 * u - uMin - uMax) / (uMax - uMin));
  const alongV = lagrange((2 * v - vMin - vMax) / (vMax - vMin));
  let log = 0;
  for (let row = 0, at = 0; row < SIDE; row++) {
    let inRow = 0;
    for (let i = 0; i < SIDE; i++, at++) {
      inRow += Math.max(logDensity[at]!, highest - DEPTH) * alongU[i]!;
    }
    log += inRow * alongV[row]!;
  }
  return Math.min(log, highest + 1);
}

/** The leaf that contains (u, v); undefined outside all cells. */
export function leafAt(roots: readonly Cell[], u: number, v: number): Cell | undefined {
  const among = (cells: readonly Cell[]) => {
    for (const cell of cells) if (holds(cell.box, u, v)) return cell;
  };
  let cell = among(roots);
  while (cell !== undefined && cell.children.length > 0) cell = among(cell.children);
  return cell;
}

/**
 * Returns a function that interpolates the density, per unit of frame area, at points of the plane;
 * 0 outside the cells.
 */
export function densityReader(
  roots: readonly Cell[],
  frame: PlaneFrame,
): (x: number, y: number) => number {
  // The union of all cells is a rectangle.
  const edge = (side: 0 | 1 | 2 | 3, of: (...values: number[]) => number) =>
    of(...roots.map(({ box }) => box[side]));
  const all = [edge(0, Math.min), edge(1, Math.max), edge(2, Math.min), edge(3, Math.max)] as const;
  // Consecutive points mostly lie in the same cell.
  let last: Cell | undefined;
  return (x, y) => {
    const [u, v] = fromPlane(frame, x, y);
    if (!holds(all, u, v)) return 0;
    if (last === undefined || !holds(last.box, u, v)) last = leafAt(roots, u, v);
    return last === undefined ? 0 : Math.exp(interpolate(last, u, v));
  };
}

/** The leaves of a cell's subtree; the cell itself if it is not subdivided. */
export function leavesOf(cell: Cell): Cell[] {
  return cell.children.length === 0 ? [cell] : cell.children.flatMap(leavesOf);
}

/** Sums a field over cells. */
export function sumOf(cells: readonly Cell[], key: "integral" | "error"): number {
  return cells.reduce((sum, cell) => sum + cell[key], 0);
}

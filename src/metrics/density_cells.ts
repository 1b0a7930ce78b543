import { fromPlane, type PlaneFrame, toPlane } from "./plane_frame.ts";

/** Nodes of a cell along an axis: the Gauss-Legendre rule of degree 9 on [-1, 1]. */
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

/** Evaluations of a cell. */
export const CELL_NODES = SIDE * SIDE;

/** [k - 1][node]: times the values along an axis, the Legendre coefficient of degree k. */
const LEGENDRE = [
  (x: number) => x,
  (x: number) => (3 * x * x - 1) / 2,
  (x: number) => (5 * x * x - 3) * x / 2,
  (x: number) => ((35 * x * x - 30) * x * x + 3) / 8,
].map((polynomial, i) => NODES.map((x, node) => (2 * i + 3) / 2 * WEIGHTS[node]! * polynomial(x)));

/** A rectangle in the coordinates of a frame, in the tree of those that it was cut into. */
export interface Cell {
  /** [uMin, uMax, vMin, vMax] */
  readonly box: readonly [number, number, number, number];
  /** Samples inside, by number. */
  readonly samples: readonly number[];
  /** [CELL_NODES], row-major with u along rows: log of the density per area of the frame. */
  readonly logDensity: Float64Array;
  /** The largest of `logDensity`. */
  highest: number;
  /** Of the density over the cell. */
  integral: number;
  /** Estimated error of `integral`. */
  error: number;
  /** The direction in which the values vary most; null: both alike. */
  cut: "u" | "v" | null;
  /** Once it has been cut. */
  children: readonly Cell[];
}

/** Points drawn from the density, in the coordinates of a frame, with the density there. */
export interface Drawn {
  /** [n * 2] */
  readonly points: Float64Array;
  /** [n]: log of the density per area of the frame. */
  readonly logDensity: Float64Array;
}

/** A cell that is not evaluated yet, with those of `candidates` among the samples that lie in it. */
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

/** Cuts a cell into two or four, as its values ask for. */
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

/** Puts the cell's nodes into `points` [n * 2] from index `at` on, in the plane's coordinates. */
export function writeNodes(cell: Cell, frame: PlaneFrame, points: Float64Array, at: number): void {
  const [uMin, uMax, vMin, vMax] = cell.box;
  for (let i = 0; i < CELL_NODES; i++) {
    const u = (uMin + uMax + (uMax - uMin) * NODES[i % SIDE]!) / 2;
    const v = (vMin + vMax + (vMax - vMin) * NODES[Math.floor(i / SIDE)]!) / 2;
    points.set(toPlane(frame, u, v), at + 2 * i);
  }
}

/** What each node adds to the integral of its cell. */
export function nodeMasses({ box: [uMin, uMax, vMin, vMax], logDensity }: Cell): Float64Array {
  const area = (uMax - uMin) * (vMax - vMin);
  return logDensity.map((value, i) =>
    Math.exp(value) * WEIGHTS[i % SIDE]! * WEIGHTS[Math.floor(i / SIDE)]! * area / 4
  );
}

/**
 * Integral of a cell whose `logDensity` is known, and its error from how fast the
 * Legendre coefficients of the values fall. The rule errs from degree 10 on; with
 * c_k the mean magnitude of the coefficients of degree k along an axis and
 * rho = (c3 + c4) / (c1 + c2) a factor for two degrees, (c3 + c4) rho^2 would be
 * those of degrees 7 and 8: what it is taken for, two factors on the safe side.
 *
 * What no rule can see is mass between its nodes. Samples do: where the density at
 * one is more than {@link FACTOR} times what the values say, or less by as much, the cell
 * has not been understood, and its error is at least the sample's share of the mass.
 */
export function judgeCell(cell: Cell, drawn: Drawn): void {
  const [uMin, uMax, vMin, vMax] = cell.box;
  const area = (uMax - uMin) * (vMax - vMin);
  cell.highest = Math.max(...cell.logDensity);
  const values = cell.logDensity.map(Math.exp);
  cell.integral = nodeMasses(cell).reduce((sum, mass) => sum + mass, 0);
  const alongU = restOf((row, i) => values[row * SIDE + i]!);
  const alongV = restOf((row, i) => values[i * SIDE + row]!);
  cell.cut = alongU > 8 * alongV ? "u" : alongV > 8 * alongU ? "v" : null;
  const missed = cell.samples.filter((i) => {
    const said = interpolate(cell, drawn.points[2 * i]!, drawn.points[2 * i + 1]!);
    return !(Math.abs(said - drawn.logDensity[i]!) < Math.log(FACTOR));
  });
  cell.error = Math.max((alongU + alongV) * area, missed.length / drawn.logDensity.length || 0);
}

/** See {@link judgeCell}. */
const FACTOR = 2;

/** What the coefficients of high degree along one axis amount to, a mean over the other. */
function restOf(value: (row: number, i: number) => number): number {
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

/** Of Lagrange's polynomials: products of the differences of the nodes. */
const DENOMINATORS = NODES.map((node, i) =>
  NODES.reduce((product, other, k) => k === i ? product : product * (node - other), 1)
);

/** Lagrange's polynomials of the nodes at x. */
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

/** Log-densities this far below a cell's highest count as none where it is interpolated. */
const DEPTH = 60;

/**
 * Log of the density per area of the frame at a point of a cell, from its values: the
 * logarithm of a density is nearer to a polynomial than the density is.
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

/** The uncut cell that holds (u, v); undefined outside of all. */
export function leafAt(roots: readonly Cell[], u: number, v: number): Cell | undefined {
  const among = (cells: readonly Cell[]) => {
    for (const cell of cells) if (holds(cell.box, u, v)) return cell;
  };
  let cell = among(roots);
  while (cell !== undefined && cell.children.length > 0) cell = among(cell.children);
  return cell;
}

/** Reads the density per area of the frame at points of the plane from the cells' values; 0 outside. */
export function densityReader(
  roots: readonly Cell[],
  frame: PlaneFrame,
): (x: number, y: number) => number {
  // All cells together are a rectangle too.
  const edge = (side: 0 | 1 | 2 | 3, of: (...values: number[]) => number) =>
    of(...roots.map(({ box }) => box[side]));
  const all = [edge(0, Math.min), edge(1, Math.max), edge(2, Math.min), edge(3, Math.max)] as const;
  // Points that follow each other mostly lie in one cell.
  let last: Cell | undefined;
  return (x, y) => {
    const [u, v] = fromPlane(frame, x, y);
    if (!holds(all, u, v)) return 0;
    if (last === undefined || !holds(last.box, u, v)) last = leafAt(roots, u, v);
    return last === undefined ? 0 : Math.exp(interpolate(last, u, v));
  };
}

/** The cells that a cell has been cut into, or itself. */
export function leavesOf(cell: Cell): Cell[] {
  return cell.children.length === 0 ? [cell] : cell.children.flatMap(leavesOf);
}

/** Sum over cells. */
export function sumOf(cells: readonly Cell[], key: "integral" | "error"): number {
  return cells.reduce((sum, cell) => sum + cell[key], 0);
}

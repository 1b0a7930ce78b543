/** A minimum-cost assignment and the dual solution that certifies it. */
export interface Assignment {
  /** Column of each row: a permutation of 0..n-1, [n]. */
  readonly columnOfRow: Uint32Array;
  /**
   * Dual variables u of the rows, [n]: u_i + v_j <= c_ij for every pair, with equality for the
   * assigned pairs (complementary slackness), both up to rounding.
   */
  readonly rowPotentials: Float64Array;
  /** Dual variables v of the columns, [n]. */
  readonly columnPotentials: Float64Array;
}

/** Beyond this, a sum of bids could overflow. */
const MAX_COST = 1e290;

/**
 * Increments of the auction, in units of {@link spreadOf}: from `first`, divided by `factor`, down
 * to `last`. Chosen for the time on squared distances in the plane; the result is exact whatever
 * they are.
 */
const increments = { first: 0.3, factor: 6, last: 1e-3 } as const;

/** Columns per row that {@link spreadOf} samples. */
const SAMPLES = 64;

/** Maximum bids per row; more than about 40 occur only if rounding swallows the increment. */
const MAX_BIDS = 200;

/**
 * The permutation s of 0..n-1 that minimises sum_i c[i, s(i)], exact up to float64 rounding. Among
 * assignments of equal cost it picks one, always the same.
 *
 * Shortest augmenting paths from good initial potentials: row and column reduction, then an auction
 * with shrinking increments, whose potentials leave only short paths to search. Without increments
 * (Jonker and Volgenant's augmenting row reduction) points in the plane take ten times as long,
 * because rows with nearly equal second choices outbid each other in tiny steps.
 * Worst-case time is O(n^3); for points in the plane about n^2.3: about 8 ms at n = 512.
 *
 * Sources: Jonker and Volgenant 1987, A Shortest Augmenting Path Algorithm for Dense and Sparse
 * Linear Assignment Problems, Computing 38, 325-340 (column reduction, augmentation); Bertsekas and
 * Eckstein 1988, Dual Coordinate Step Methods for Linear Network Flow Problems, Mathematical
 * Programming 42, 203-243 (epsilon scaling); Crouse 2016, On Implementing 2D Rectangular Assignment
 * Algorithms, IEEE Transactions on Aerospace and Electronic Systems 52(4), 1679-1696 (duals).
 *
 * @param costs [n, n], row-major; not modified.
 * @throws {RangeError} If `costs` is not n x n, or a cost is not finite or exceeds 1e290.
 */
export function solveAssignment(costs: Float64Array, n: number): Assignment {
  requireCosts(costs, n);
  const v = reducedColumns(costs, n);
  const spread = spreadOf(costs, v);
  if (spread > 0) lowerByAuction(costs, v, spread);
  const columnOfRow = new Int32Array(n).fill(-1), rowOfColumn = new Int32Array(n).fill(-1);
  const state = { costs, v, columnOfRow, rowOfColumn };
  const search = newSearch(n);
  for (const row of assignLeast(state)) augment(state, row, search);
  const rowPotentials = Float64Array.from(
    columnOfRow,
    (j, i) => costs[i * n + j]! - v[j]!,
  );
  return { columnOfRow: Uint32Array.from(columnOfRow), rowPotentials, columnPotentials: v };
}

function requireCosts(costs: Float64Array, n: number): void {
  if (!Number.isInteger(n) || n < 0 || costs.length !== n * n) {
    throw new RangeError(
      `solveAssignment: expected n * n costs, got n = ${n} and ${costs.length} costs`,
    );
  }
  for (let at = 0; at < costs.length; at++) {
    // The comparison is false for NaN too.
    if (!(Math.abs(costs[at]!) <= MAX_COST)) {
      throw new RangeError(
        `solveAssignment: expected finite costs up to ${MAX_COST}, got ${costs[at]} at row ` +
          `${Math.floor(at / n)}, column ${at % n}`,
      );
    }
  }
}

/**
 * Row and column reduction: v_j = min_i (c_ij - u_i), with u_i the minimum of row i. This removes
 * terms that depend on the row or the column alone, such as the distance between two clouds. With
 * the mean as u_i, one outlying row would determine every column.
 *
 * Rows in the outer loop: reading down a column would miss the cache every time.
 */
function reducedColumns(costs: Float64Array, n: number): Float64Array {
  const v = new Float64Array(n).fill(Infinity);
  for (let row = 0; row < costs.length; row += n) {
    let least = Infinity;
    for (let j = 0; j < n; j++) {
      if (costs[row + j]! < least) least = costs[row + j]!;
    }
    for (let j = 0; j < n; j++) {
      const reduced = costs[row + j]! - least;
      if (reduced < v[j]!) v[j] = reduced;
    }
  }
  return v;
}

/**
 * Scale of the auction's increments: the median over rows of the gap between the least reduced cost
 * and the first octile of sampled columns. Robust to outlying rows and to forbidden pairs of
 * enormous cost. 0 if most rows have many columns of least cost.
 */
function spreadOf(costs: Float64Array, v: Float64Array): number {
  const n = v.length;
  const spreads = new Float64Array(n), sample = new Float64Array(Math.min(n, SAMPLES));
  for (let i = 0; i < n; i++) {
    const row = i * n;
    let least = Infinity;
    for (let j = 0; j < n; j++) {
      const reduced = costs[row + j]! - v[j]!;
      if (reduced < least) least = reduced;
    }
    for (let k = 0; k < sample.length; k++) {
      const j = Math.floor(k * n / sample.length);
      sample[k] = costs[row + j]! - v[j]!;
    }
    spreads[i] = sample.sort()[sample.length >> 3]! - least;
  }
  return n === 0 ? 0 : spreads.sort()[n >> 1]!;
}

/**
 * Lowers the potentials by auctions: a free row takes the column of least reduced cost and lowers
 * its potential until the second best column is better by the increment. Only the potentials are
 * kept; they are dual optimal to within n increments.
 */
function lowerByAuction(costs: Float64Array, v: Float64Array, spread: number): void {
  const n = v.length;
  const rowOfColumn = new Int32Array(n), free = new Int32Array(n);
  let bidsLeft = MAX_BIDS * n;
  const last = increments.last * spread;
  for (let step = increments.first * spread; step >= last; step /= increments.factor) {
    rowOfColumn.fill(-1);
    let count = n;
    for (let i = 0; i < n; i++) free[i] = n - 1 - i;
    while (count > 0) {
      if (bidsLeft-- === 0) return;
      const i = free[--count]!, row = i * n;
      let least = Infinity, second = Infinity, column = 0;
      for (let j = 0; j < n; j++) {
        const reduced = costs[row + j]! - v[j]!;
        if (reduced < second) {
          if (reduced < least) {
            second = least;
            least = reduced;
            column = j;
          } else {
            second = reduced;
          }
        }
      }
      v[column]! -= second - least + step;
      const outbid = rowOfColumn[column]!;
      if (outbid >= 0) free[count++] = outbid;
      rowOfColumn[column] = i;
    }
  }
}

/** An assignment of some rows (-1: unassigned), optimal for them under the column potentials v. */
interface PartialAssignment {
  readonly costs: Float64Array;
  readonly v: Float64Array;
  readonly columnOfRow: Int32Array;
  readonly rowOfColumn: Int32Array;
}

/** Greedily assigns rows to their column of least reduced cost; returns the unassigned rows. */
function assignLeast({ costs, v, columnOfRow, rowOfColumn }: PartialAssignment): number[] {
  const n = v.length;
  const free: number[] = [];
  for (let i = 0; i < n; i++) {
    let least = Infinity, column = 0;
    for (let j = 0; j < n; j++) {
      const reduced = costs[i * n + j]! - v[j]!;
      if (reduced < least) {
        least = reduced;
        column = j;
      }
    }
    if (rowOfColumn[column]! < 0) {
      rowOfColumn[column] = i;
      columnOfRow[i] = column;
    } else {
      free.push(i);
    }
  }
  return free;
}

/** Buffers of a shortest-path search, one entry per column. */
interface Search {
  readonly distance: Float64Array;
  /** The row before the column on the shortest path. */
  readonly rowBefore: Int32Array;
  /** Partitioned: scanned [0, next), at the least distance [next, reached), the rest. */
  readonly columns: Int32Array;
}

function newSearch(n: number): Search {
  return {
    distance: new Float64Array(n),
    rowBefore: new Int32Array(n),
    columns: new Int32Array(n),
  };
}

/**
 * Assigns a free row along the shortest alternating path to a free column (Dijkstra over reduced
 * costs), and updates the potentials so that the extended assignment is optimal too.
 */
function augment(assignment: PartialAssignment, freeRow: number, search: Search): void {
  const { costs, v, rowOfColumn, columnOfRow } = assignment;
  const { distance, rowBefore, columns } = search;
  const n = v.length;
  for (let j = 0; j < n; j++) {
    distance[j] = costs[freeRow * n + j]! - v[j]!;
    rowBefore[j] = freeRow;
    columns[j] = j;
  }
  let next = 0, reached = 0, settled = 0, least = 0, end = -1;
  while (end < 0) {
    if (next === reached) {
      settled = next;
      reached = gatherLeast(search, next);
      least = distance[columns[next]!]!;
      for (let k = next; k < reached && end < 0; k++) {
        if (rowOfColumn[columns[k]!]! < 0) end = columns[k]!;
      }
      if (end >= 0) break;
    }
    const scanned = columns[next++]!;
    const i = rowOfColumn[scanned]!, row = i * n;
    const offset = costs[row + scanned]! - v[scanned]! - least;
    for (let k = reached; k < n; k++) {
      const j = columns[k]!;
      const through = costs[row + j]! - v[j]! - offset;
      if (through >= distance[j]!) continue;
      rowBefore[j] = i;
      if (through > least) {
        distance[j] = through;
        continue;
      }
      // Rounding may have put it below the least distance.
      distance[j] = least;
      if (rowOfColumn[j]! < 0) {
        end = j;
        break;
      }
      columns[k] = columns[reached]!;
      columns[reached++] = j;
    }
  }
  for (let k = 0; k < settled; k++) v[columns[k]!]! += distance[columns[k]!]! - least;
  for (let j = end, i = -1; i !== freeRow;) {
    i = rowBefore[j]!;
    rowOfColumn[j] = i;
    const before = columnOfRow[i]!;
    columnOfRow[i] = j;
    j = before;
  }
}

/** Moves the columns of least distance in `columns[from..]` to the front; returns their end. */
function gatherLeast({ distance, columns }: Search, from: number): number {
  let least = Infinity, end = from;
  for (let k = from; k < columns.length; k++) {
    const j = columns[k]!, d = distance[j]!;
    if (d > least) continue;
    if (d < least) {
      least = d;
      end = from;
    }
    columns[k] = columns[end]!;
    columns[end++] = j;
  }
  return end;
}

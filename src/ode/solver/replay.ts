import type { DifferentiableField, GradientSum, Linearization } from "../field.ts";
import { throwIfStopped } from "../../core/stop.ts";
import { type RowSpace, slopeTerms, type Term } from "./rows.ts";
import type { StepRecord } from "./rows_problem.ts";
import { stageTimes } from "./solve.ts";
import type { Tableau } from "../tableau.ts";

/** The gradient of a solve over rows. */
export interface RowsGradient<Rows> {
  /** Cotangent of y0, [n, w]; owned by the caller. */
  readonly y0: Rows;
  /** Number of single-row VJPs, summed over stages, steps and groups. */
  readonly pulledRows: number;
}

/**
 * A copy of `rows` with the rows at the indices `ids` replaced by `replacement` (a scatter).
 */
function putRows<Rows>(
  space: RowSpace<Rows>,
  rows: Rows,
  ids: Int32Array,
  replacement: Rows,
): Rows {
  const count = space.count(rows);
  const source = Int32Array.from({ length: count }, (_, i) => i);
  ids.forEach((id, i) => source[id] = count + i);
  const both = space.stack([rows, replacement]);
  const merged = space.take(both, source);
  space.release(both);
  return merged;
}

/** Concatenates float64 vectors. */
function joined(vectors: readonly Float64Array[]): Float64Array {
  const out = new Float64Array(vectors.reduce((total, vector) => total + vector.length, 0));
  let offset = 0;
  for (const vector of vectors) {
    out.set(vector, offset);
    offset += vector.length;
  }
  return out;
}

/** Number of stages on which y1 depends: all, or all but the last of an FSAL method. */
function usedStages(tableau: Tableau): number {
  return tableau.firstSameAsLast ? tableau.c.length - 1 : tableau.c.length;
}

/**
 * Linearizes the field at the stage inputs of `steps` in one batch, ordered by step, then stage,
 * then row.
 */
export function linearizeStages<Rows, Vector>(
  problem: {
    readonly space: RowSpace<Rows>;
    readonly field: DifferentiableField<Rows, Vector>;
    readonly tableau: Tableau;
    readonly gradient: GradientSum<Vector>;
  },
  steps: readonly StepRecord<Rows>[],
  stages: readonly number[],
): Linearization<Rows> {
  const { space, tableau } = problem;
  const t: Float64Array[] = [], inputs: Rows[] = [], made: Rows[] = [], rowIds: number[] = [];
  const own = (rows: Rows) => {
    made.push(rows);
    return rows;
  };
  for (const step of steps) {
    for (const stage of stages) {
      const terms = slopeTerms(tableau.a[stage]!, step.slopes);
      inputs.push(terms.length === 0 ? step.y : own(space.combine(step.y, step.h, terms)));
      t.push(stageTimes(step.t, step.h, tableau.c[stage]!));
      rowIds.push(...step.rowIds);
    }
  }
  const y = own(space.stack(inputs));
  try {
    const { gradient } = problem;
    return problem.field.linearize({ t: joined(t), y, rowIds: Int32Array.from(rowIds), gradient });
  } finally {
    for (const rows of made) space.release(rows);
  }
}

/** Cotangents that a step receives from dense output inside it. */
export interface StepCotangents<Rows> {
  /** [n, w] cotangent of the state at the start of the step; null for zero. */
  readonly start: Rows | null;
  /** [n, w] cotangent per recorded slope; null for zero. */
  readonly slopes: readonly (Rows | null)[];
}

/**
 * Exact gradient of a recorded solve (discretize, then differentiate): VJPs of the accepted steps,
 * last to first, with the step sizes held fixed.
 *
 * For the step y1 = y + h sum b_i k_i, k_i = f(Y_i), Y_i = y + h sum a_ij k_j, and the cotangent v
 * of y1, backwards over the stages:
 *   cotangent of k_i = h (b_i v + sum over l > i of a_li w_l)
 *   w_i = (df/dy)(Y_i)^T (cotangent of k_i)
 *   cotangent of y = v + sum of w_i
 * This takes one VJP per stage; the last stage of an FSAL method is the first stage of the next step
 * and is pulled back there.
 *
 * Source: Hager 2000, Numer. Math. 87, 247-282 (section 2).
 */
export function replay<Rows, Vector>(problem: {
  readonly space: RowSpace<Rows>;
  readonly field: DifferentiableField<Rows, Vector>;
  readonly tableau: Tableau;
  /** In the order of acceptance; remain owned by the caller. */
  readonly steps: readonly StepRecord<Rows>[];
  /** [n, w] cotangent of y1; remains owned by the caller. */
  readonly cotangent: Rows;
  readonly gradient: GradientSum<Vector>;
  /**
   * Cotangents of dense output per step; remain owned by the caller. Only for solves whose steps
   * contain all rows and are not split by rows (a single row, for instance).
   */
  readonly inside?: ReadonlyMap<StepRecord<Rows>, StepCotangents<Rows>>;
}): RowsGradient<Rows> {
  const { space, field, tableau } = problem;
  const stages = usedStages(tableau);
  const everyStage = Array.from({ length: stages }, (_, stage) => stage);
  const total = space.count(problem.cotangent);
  const mostRows = Math.max(1, Math.floor(field.linearizationRows / stages));
  let cotangent = space.take(problem.cotangent, Int32Array.from({ length: total }, (_, i) => i));
  let pulledRows = 0;
  for (const chunk of chunksFromLast(space, problem.steps, mostRows)) {
    const linearization = linearizeStages(problem, chunk, everyStage);
    try {
      const rows = chunk.reduce((sum, step) => sum + step.rowIds.length * stages, 0);
      let first = rows;
      for (const step of chunk.toReversed()) {
        throwIfStopped();
        first -= step.rowIds.length * stages;
        const whole = step.rowIds.length === total;
        const v = whole ? cotangent : space.take(cotangent, step.rowIds);
        const pulled = pullBackStep({
          space,
          tableau,
          step,
          linearization,
          first,
          v,
          inside: problem.inside?.get(step),
        });
        const next = whole ? pulled : putRows(space, cotangent, step.rowIds, pulled);
        for (const old of new Set([v, cotangent, pulled])) if (old !== next) space.release(old);
        cotangent = next;
      }
      pulledRows += rows;
    } finally {
      linearization.close();
    }
  }
  return { y0: cotangent, pulledRows };
}

/**
 * The steps in chunks of at most `mostRows` rows: chunks from last to first, steps within a chunk in
 * their original order. Rows are independent, so a step with more rows is split by rows; its pieces
 * are released when the next chunk is requested.
 */
function* chunksFromLast<Rows>(
  space: RowSpace<Rows>,
  steps: readonly StepRecord<Rows>[],
  mostRows: number,
): Generator<readonly StepRecord<Rows>[]> {
  let end = steps.length;
  while (end > 0) {
    const last = steps[end - 1]!;
    if (last.rowIds.length > mostRows) {
      for (const piece of cutByRows(space, last, mostRows)) {
        try {
          yield [piece];
        } finally {
          for (const rows of [piece.y, ...piece.slopes]) space.release(rows);
        }
      }
      end--;
      continue;
    }
    let begin = end, rows = 0;
    while (begin > 0 && rows + steps[begin - 1]!.rowIds.length <= mostRows) {
      rows += steps[--begin]!.rowIds.length;
    }
    yield steps.slice(begin, end);
    end = begin;
  }
}

/** Splits a recorded step into pieces of at most `mostRows` rows, each owned by the caller. */
function* cutByRows<Rows>(
  space: RowSpace<Rows>,
  step: StepRecord<Rows>,
  mostRows: number,
): Generator<StepRecord<Rows>> {
  const count = step.rowIds.length;
  const pieces = Math.ceil(count / mostRows);
  for (let piece = 0; piece < pieces; piece++) {
    const first = Math.floor(count * piece / pieces);
    const end = Math.floor(count * (piece + 1) / pieces);
    const rows = Int32Array.from({ length: end - first }, (_, i) => first + i);
    yield {
      rowIds: step.rowIds.slice(first, end),
      t: step.t.slice(first, end),
      h: step.h.slice(first, end),
      y: space.take(step.y, rows),
      slopes: step.slopes.map((slope) => space.take(slope, rows)),
    };
  }
}

/** VJP of a step: the cotangent of its start from the cotangent `v` of its end. */
function pullBackStep<Rows>(given: {
  readonly space: RowSpace<Rows>;
  readonly tableau: Tableau;
  readonly step: StepRecord<Rows>;
  readonly linearization: Linearization<Rows>;
  /** The step's first row in the linearization. */
  readonly first: number;
  readonly v: Rows;
  readonly inside?: StepCotangents<Rows>;
}): Rows {
  const { space, step, linearization, first, v, inside } = given;
  const { a, b } = given.tableau;
  const stages = usedStages(given.tableau);
  const m = step.rowIds.length;
  const w: Rows[] = new Array(stages);
  for (let stage = stages - 1; stage >= 0; stage--) {
    const terms: Term<Rows>[] = b[stage] === 0 ? [] : [{ weight: b[stage]!, rows: v }];
    for (let later = stage + 1; later < stages; later++) {
      const weight = a[later]![stage]!;
      if (weight !== 0) terms.push({ weight, rows: w[later]! });
    }
    // The cotangent of a stage on which nothing depends is zero.
    if (terms.length === 0) terms.push({ weight: 0, rows: v });
    const cotangent = space.combine(inside?.slopes[stage] ?? null, step.h, terms);
    w[stage] = linearization.pullBack(first + stage * m, cotangent);
    space.release(cotangent);
  }
  const ones = new Float64Array(m).fill(1);
  const summands = inside?.start ? [...w, inside.start] : w;
  const start = space.combine(v, ones, summands.map((rows) => ({ weight: 1, rows })));
  for (const rows of w) space.release(rows);
  return start;
}

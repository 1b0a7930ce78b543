import { throwIfStopped } from "../../core/stop.ts";
import {
  type ControlGroup,
  cutIntoGroups,
  groupNorms,
  groupSize,
  perRow,
  reportOf,
  rowIdsOf,
} from "./control_groups.ts";
import type { StepControl } from "../engines/engine.ts";
import { denseWeights } from "../interpolant.ts";
import { partsOf, slopeTerms, type StatePart } from "./rows.ts";
import type { RowsProblem, RowsSolution } from "./rows_problem.ts";
import { type ScopedSpace, scopedSpace } from "../engines/portable/scoped_space.ts";
import {
  controllerOf,
  errorHistory,
  initialStepSize,
  nextStepSize,
  type ScaledErrors,
  trialStepSize,
} from "./step_control.ts";
import type { Tableau } from "../tableau.ts";

/** t + c * h per row. */
export function stageTimes(t: Float64Array, h: Float64Array, c: number): Float64Array {
  return t.map((start, row) => start + c * h[row]!);
}

/**
 * Solves an initial value problem.
 *
 * All control groups advance in lockstep in one block of rows, each with its own t and h. A group
 * that has reached t1 or failed leaves the block, so a stiff group slows down only itself, and the
 * result of a group does not depend on the other groups.
 *
 * @throws {Stopped} If the solve is interrupted.
 */
export async function solveRows<Rows>(problem: RowsProblem<Rows>): Promise<RowsSolution<Rows>> {
  const space = scopedSpace(problem.space);
  try {
    return await new Solver(problem, space).run();
  } finally {
    space.releaseAll();
  }
}

/** Finished rows of a result, put in order at the end of the solve. */
interface Piece<Rows> {
  readonly rows: Rows;
  readonly rowIds: Int32Array;
}

/** The result of a step attempt. */
interface Attempt<Rows> {
  readonly t: Float64Array;
  readonly h: Float64Array;
  readonly slopes: readonly Rows[];
  readonly y1: Rows;
  /** The slope at the end of the step, if it was evaluated and the method is not FSAL. */
  endSlope: Rows | null;
}

class Solver<Rows> {
  readonly #problem: RowsProblem<Rows>;
  readonly #space: ScopedSpace<Rows>;
  readonly #tableau: Tableau;
  readonly #parts: readonly StatePart[];
  readonly #all: readonly ControlGroup[];
  /** The groups in progress; `#y` holds their rows, group by group. */
  #active: ControlGroup[];
  #y: Rows;
  /** f at (t, y) of the active rows, if already evaluated. */
  #slope: Rows | null = null;
  #rowIds: Int32Array;
  readonly #ends: Piece<Rows>[] = [];
  readonly #states: Piece<Rows>[][];

  constructor(problem: RowsProblem<Rows>, space: ScopedSpace<Rows>) {
    this.#problem = problem;
    this.#space = space;
    this.#tableau = problem.tableau;
    this.#parts = partsOf(problem.field.parts, space.width(problem.y0));
    this.#all = cutIntoGroups(space.count(problem.y0), problem.controlGroup, problem.t0);
    this.#active = [...this.#all];
    this.#rowIds = rowIdsOf(this.#active);
    this.#y = space.take(problem.y0, this.#rowIds);
    this.#states = problem.times.map(() => []);
  }

  async run(): Promise<RowsSolution<Rows>> {
    const { control, t0, t1 } = this.#problem;
    this.#emitTimesAtStart();
    if (t0 === t1) this.#keep([]);
    else if (control.kind === "fixed") await this.#runFixed(control.steps);
    else await this.#runAdaptive(control);
    return {
      y1: this.#assemble(this.#ends),
      states: this.#states.map((pieces) => this.#assemble(pieces)),
      reports: this.#all.map(reportOf),
    };
  }

  async #runFixed(steps: number): Promise<void> {
    const { t0, t1, watch } = this.#problem;
    const h = (t1 - t0) / steps;
    // Read once at the end: on a GPU a read-back per step would cost more than the step.
    const checks: Promise<Float64Array>[] = [];
    const groups = this.#active;
    for (let step = 0; step < steps; step++) {
      for (const group of groups) {
        group.t = t0 + step * h;
        group.h = h;
      }
      const attempt = this.#attempt();
      checks.push(this.#squares(attempt.y1, attempt.y1, { rtol: 0, atol: 1 }));
      const ends = groups.map(() => step + 1 === steps ? t1 : t0 + (step + 1) * h);
      const goesOn = watch === undefined ||
        !(await checks[step]!).some(Number.isNaN) && await this.#watched(watch, attempt, ends[0]!);
      this.#settle(attempt, groups.map(() => true), ends);
      if (!goesOn) break;
    }
    if (this.#active.length > 0) this.#keep([]);
    const sums = await Promise.all(checks);
    sums.forEach((sum, step) => {
      groupNorms(groups, sum, this.#parts).forEach((norm, i) => {
        if (!Number.isNaN(norm) || groups[i]!.failure !== null) return;
        groups[i]!.failure = { kind: "nonFinite", t: t0 + step * h, h };
      });
    });
  }

  async #runAdaptive(control: StepControl & { kind: "adaptive" }): Promise<void> {
    const { t1, maxSteps, watch } = this.#problem;
    const { bError, errorOrder } = this.#tableau;
    if (bError === null) {
      throw new RangeError(
        `${this.#tableau.name} has no error estimate: it takes fixed steps only`,
      );
    }
    const rule = { controller: controllerOf(control), errorOrder };
    await this.#chooseFirstSteps(control);
    for (const group of this.#active) group.h = this.#bounded(group.h);
    while (this.#active.length > 0) {
      for (const group of this.#active) {
        const { t, h } = group;
        if (group.accepted + group.rejected >= maxSteps) {
          group.failure = { kind: "maxStepsReached", t, h };
        } else if (!(Math.abs(h) > 0) || t + h === t) {
          group.failure = {
            kind: group.sawNonFinite ? "nonFinite" : "stepSizeUnderflow",
            t,
            h,
          };
        } else if (Math.abs(h) >= Math.abs(t1 - t)) {
          group.h = t1 - t;
        }
      }
      if (this.#active.some((group) => group.failure !== null)) {
        this.#keep(this.#active.filter((group) => group.failure === null));
        continue;
      }
      const attempt = this.#attempt();
      const error = this.#space.combine(null, attempt.h, slopeTerms(bError, attempt.slopes));
      const squares = await this.#squares(error, this.#y, { ...control, other: attempt.y1 });
      this.#space.release(error);
      const ratios = groupNorms(this.#active, squares, this.#parts);
      const accepted = ratios.map((ratio) => ratio <= 1);
      const ends = this.#active.map(({ t, h }) => h === t1 - t ? t1 : t + h);
      const groups = this.#active;
      const goesOn = watch === undefined || !accepted[0]! ||
        await this.#watched(watch, attempt, ends[0]!);
      this.#settle(attempt, accepted, ends);
      if (!goesOn && this.#active.length > 0) this.#keep([]);
      groups.forEach((group, i) => {
        const errors: ScaledErrors = [ratios[i]!, ...group.errors];
        group.sawNonFinite = !Number.isFinite(ratios[i]!);
        group.h = this.#bounded(nextStepSize(group.h, errors, rule));
        if (accepted[i]!) group.errors = errorHistory(errors);
      });
    }
  }

  /** A signed step size clamped to the largest allowed magnitude. */
  #bounded(h: number): number {
    const { largestStep: largest = Infinity } = this.#problem;
    return Math.abs(h) > largest ? Math.sign(h) * largest : h;
  }

  /** Sets the first step sizes: as prescribed, or by Hairer's rule, which takes two evaluations. */
  async #chooseFirstSteps(control: StepControl & { kind: "adaptive" }): Promise<void> {
    const { field, t0, t1 } = this.#problem;
    const space = this.#space, groups = this.#active, ids = this.#rowIds;
    const direction = Math.sign(t1 - t0);
    const prescribed = control.firstStep ?? null;
    if (prescribed !== null) {
      for (const group of groups) group.h = direction * prescribed;
      return;
    }
    const t = perRow(groups, () => t0);
    const norms = async (value: Rows) =>
      groupNorms(groups, await this.#squares(value, this.#y, control), this.#parts);
    const slope = space.own(field.evaluate(t, this.#y, ids));
    const [stateNorms, slopeNorms] = await Promise.all([norms(this.#y), norms(slope)]);
    const trials = groups.map((_, i) => {
      const trial = trialStepSize(stateNorms[i]!, slopeNorms[i]!);
      // Where the slope is not finite: a field may refuse a time that is NaN.
      return Number.isNaN(trial) ? SMALLEST_START : trial;
    });
    const h = perRow(groups, (_, i) => direction * trials[i]!);
    const y = space.combine(this.#y, h, [{ weight: 1, rows: slope }]);
    const slope1 = space.own(field.evaluate(stageTimes(t, h, 1), y, ids));
    const change = space.combine(null, perRow(groups, () => 1), [
      { weight: 1, rows: slope1 },
      { weight: -1, rows: slope },
    ]);
    const changeNorms = await norms(change);
    groups.forEach((group, i) => {
      group.nfe += 2;
      const size = initialStepSize({
        trial: trials[i]!,
        slopeNorm: slopeNorms[i]!,
        changeNorm: changeNorms[i]!,
        errorOrder: this.#tableau.errorOrder,
      });
      // With non-finite initial norms, start small; the first attempts adapt the size.
      group.h = direction * (Number.isFinite(size) ? size : SMALLEST_START);
      group.sawNonFinite = !Number.isFinite(slopeNorms[i]!);
    });
    this.#slope = slope;
    for (const rows of [y, slope1, change]) space.release(rows);
  }

  /** Computes the stages of one step of every active group. */
  #attempt(): Attempt<Rows> {
    const { field } = this.#problem;
    const { a, b, c, firstSameAsLast } = this.#tableau;
    const space = this.#space, groups = this.#active;
    const t = perRow(groups, (group) => group.t);
    const h = perRow(groups, (group) => group.h);
    const slopes: Rows[] = [];
    let evaluations = c.length;
    let y1: Rows | null = null;
    for (let stage = 0; stage < c.length; stage++) {
      throwIfStopped();
      if (stage === 0) {
        if (this.#slope !== null) evaluations--;
        slopes.push(this.#slope ?? space.own(field.evaluate(t, this.#y, this.#rowIds)));
        continue;
      }
      const input = space.combine(this.#y, h, slopeTerms(a[stage]!, slopes));
      slopes.push(space.own(field.evaluate(stageTimes(t, h, c[stage]!), input, this.#rowIds)));
      if (firstSameAsLast && stage === c.length - 1) y1 = input;
      else space.release(input);
    }
    for (const group of groups) group.nfe += evaluations;
    y1 ??= space.combine(this.#y, h, slopeTerms(b, slopes));
    return { t, h, slopes, y1, endSlope: null };
  }

  /** Passes an accepted step to the `watch` callback; returns whether to continue. */
  #watched(
    watch: NonNullable<RowsProblem<Rows>["watch"]>,
    attempt: Attempt<Rows>,
    end: number,
  ): Promise<boolean> {
    const { field } = this.#problem;
    const { t: [t0], h: [h], y1, slopes } = attempt;
    if (!this.#tableau.firstSameAsLast) {
      attempt.endSlope = this.#space.own(
        field.evaluate(perRow(this.#active, () => end), y1, this.#rowIds),
      );
      for (const group of this.#active) group.nfe++;
    }
    const all = attempt.endSlope === null ? slopes : [...slopes, attempt.endSlope];
    return watch({ t0: t0!, t1: end, h: h!, y0: this.#y, y1, slopes: all });
  }

  /** Commits an attempt: step records, states at the requested times, and the next state of each group. */
  #settle(attempt: Attempt<Rows>, accepted: readonly boolean[], ends: readonly number[]): void {
    const { t1, onStep } = this.#problem;
    const { firstSameAsLast } = this.#tableau;
    const space = this.#space, groups = this.#active;
    const { slopes, y1 } = attempt;
    this.#emitTimes(attempt, accepted, ends);

    const last = slopes.length - 1;
    const recorded = firstSameAsLast ? slopes.slice(0, last) : slopes;
    const allAccepted = accepted.every(Boolean);
    if (onStep !== null && accepted.some(Boolean)) {
      const chosen = allAccepted ? null : this.#positions((_, i) => accepted[i]!);
      const pick = (rows: Rows) => chosen === null ? rows : space.take(rows, chosen);
      // Disowned rows survive the releases below.
      onStep({
        rowIds: chosen === null ? this.#rowIds : chosen.map((i) => this.#rowIds[i]!),
        t: chosen === null ? attempt.t : Float64Array.from(chosen, (i) => attempt.t[i]!),
        h: chosen === null ? attempt.h : Float64Array.from(chosen, (i) => attempt.h[i]!),
        y: space.disown(pick(this.#y)),
        slopes: recorded.map((rows) => space.disown(pick(rows))),
      });
    }

    groups.forEach((group, i) => {
      if (!accepted[i]!) return void group.rejected++;
      group.accepted++;
      group.t = ends[i]!;
    });
    const arrived = groups.map((group, i) => accepted[i]! && group.t === t1);

    const y = this.#y;
    if (allAccepted) {
      this.#y = y1;
      this.#slope = firstSameAsLast ? slopes[last]! : attempt.endSlope;
      space.release(y);
      for (const rows of slopes) if (rows !== this.#slope) space.release(rows);
    } else {
      const fromNew = perRow(groups, (_, i) => accepted[i]! ? 1 : 0);
      const source = Int32Array.from(
        fromNew,
        (isNew, row) => isNew === 1 ? fromNew.length + row : row,
      );
      this.#y = this.#merge(y, y1, source);
      // Without FSAL, the slopes of accepted groups have not been evaluated yet.
      this.#slope = firstSameAsLast
        ? this.#merge(slopes[0]!, slopes[last]!, source)
        : accepted.some(Boolean)
        ? null
        : slopes[0]!;
      for (const rows of [y, y1, ...slopes]) if (rows !== this.#slope) space.release(rows);
    }
    if (arrived.some(Boolean)) this.#keep(groups.filter((_, i) => !arrived[i]!));
  }

  #merge(old: Rows, fresh: Rows, source: Int32Array): Rows {
    const both = this.#space.stack([old, fresh]);
    const merged = this.#space.take(both, source);
    this.#space.release(both);
    return merged;
  }

  /** Positions in the active block of the rows of chosen groups. */
  #positions(chosen: (group: ControlGroup, index: number) => boolean): Int32Array {
    const positions: number[] = [];
    let first = 0;
    this.#active.forEach((group, i) => {
      const end = first + groupSize(group);
      if (chosen(group, i)) { for (let row = first; row < end; row++) positions.push(row); }
      first = end;
    });
    return Int32Array.from(positions);
  }

  /** Continues with `groups`; the rows of the others, finished or failed, are set aside. */
  #keep(groups: ControlGroup[]): void {
    const space = this.#space;
    const staying = new Set(groups);
    const leaving = this.#positions((group) => !staying.has(group));
    const stays = this.#positions((group) => staying.has(group));
    this.#ends.push({
      rows: space.take(this.#y, leaving),
      rowIds: leaving.map((i) => this.#rowIds[i]!),
    });
    const y = this.#y, slope = this.#slope;
    if (groups.length > 0) {
      this.#y = space.take(y, stays);
      this.#slope = slope === null ? null : space.take(slope, stays);
    }
    space.release(y);
    if (slope !== null) space.release(slope);
    this.#active = groups;
    this.#rowIds = stays.map((i) => this.#rowIds[i]!);
  }

  #emitTimesAtStart(): void {
    const { times, t0 } = this.#problem;
    times.forEach((time, i) => {
      if (time !== t0) return;
      this.#states[i]!.push({
        rows: this.#space.take(this.#y, this.#rowIds),
        rowIds: this.#rowIds,
      });
      for (const group of this.#active) group.nextTime = i + 1;
    });
  }

  /** Emits the states at the requested times within accepted steps. */
  #emitTimes(attempt: Attempt<Rows>, accepted: readonly boolean[], ends: readonly number[]): void {
    const { field, times, t0, t1 } = this.#problem;
    const space = this.#space, groups = this.#active;
    const direction = Math.sign(t1 - t0);
    const isDue = (group: ControlGroup, i: number) =>
      accepted[i]! && group.nextTime < times.length &&
      (times[group.nextTime]! - ends[i]!) * direction <= 0;
    let { slopes, endSlope } = attempt;
    if (endSlope !== null) slopes = [...slopes, endSlope];
    while (groups.some(isDue)) {
      const due = groups.map(isDue);
      if (endSlope === null && !this.#tableau.firstSameAsLast) {
        endSlope = space.own(
          field.evaluate(perRow(groups, (_, i) => ends[i]!), attempt.y1, this.#rowIds),
        );
        groups.forEach((group, i) => group.nfe += due[i]! ? 1 : 0);
        slopes = [...slopes, endSlope];
      }
      const weights = groups.map((group, i) => {
        const theta = due[i]! ? (times[group.nextTime]! - group.t) / (ends[i]! - group.t) : 0;
        return denseWeights(this.#tableau.interpolant, theta);
      });
      const inside = space.combine(
        this.#y,
        attempt.h,
        slopeTerms(slopes.map((_, j) => perRow(groups, (_, i) => weights[i]![j]!)), slopes),
      );
      groups.forEach((group, index) => {
        if (!due[index]!) return;
        const positions = this.#positions((_, i) => i === index);
        const atEnd = times[group.nextTime]! === ends[index]!;
        this.#states[group.nextTime]!.push({
          rows: space.take(atEnd ? attempt.y1 : inside, positions),
          rowIds: positions.map((i) => this.#rowIds[i]!),
        });
        group.nextTime++;
      });
      space.release(inside);
    }
    if (endSlope !== attempt.endSlope) space.release(endSlope!);
  }

  #squares(
    value: Rows,
    reference: Rows,
    options: { rtol: number; atol: number; other?: Rows },
  ): Promise<Float64Array> {
    const { rtol, atol, other = reference } = options;
    return this.#space.scaledSquares(value, { reference, other, parts: this.#parts, rtol, atol });
  }

  /** All rows in the problem's order; NaN for failed groups. */
  #assemble(pieces: readonly Piece<Rows>[]): Rows {
    const space = this.#space;
    const total = space.count(this.#problem.y0);
    const ids = Int32Array.from(pieces.flatMap((piece) => [...piece.rowIds]));
    const failed = this.#all.filter((group) => group.failure !== null);
    const blocks = pieces.map((piece) => piece.rows);
    const source = new Int32Array(total);
    // Groups that failed before this time have no rows in any piece.
    if (ids.length < total) blocks.push(space.take(this.#problem.y0, new Int32Array(1)));
    source.fill(ids.length);
    ids.forEach((id, i) => source[id] = i);
    const stacked = space.stack(blocks);
    const ordered = space.take(stacked, source);
    space.release(stacked);
    if (failed.length === 0) return space.disown(ordered);
    const scale = new Float64Array(total).fill(1);
    for (const { rows: [first, end] } of failed) scale.fill(NaN, first, end);
    return space.disown(space.combine(null, scale, [{ weight: 1, rows: ordered }]));
  }
}

/** First step size when the initial norms are not finite. */
const SMALLEST_START = 1e-6;

import { quantile } from "../core/numbers/quantile.ts";
import { widened } from "./drawing/_axis.ts";

/** Evaluations as a chart shows them. */
export interface ShownEvaluations<Evaluation> {
  /** The one before the first step, a mark of its own: a line from it would show losses of no model. */
  readonly before: Evaluation | undefined;
  /** Those after steps, in order, joined by a line. */
  readonly trained: readonly Evaluation[];
}

/** Separates the evaluation before training from those of trained weights. */
export function shownEvaluations<Evaluation extends { readonly step: number }>(
  evaluations: readonly Evaluation[],
): ShownEvaluations<Evaluation> {
  return {
    before: evaluations.find(({ step }) => step === 0),
    trained: evaluations.filter(({ step }) => step > 0),
  };
}

/** Losses that share an axis; values that are not finite are ignored. */
export interface LossesOnAxis {
  /** As of the curves of a run. */
  readonly loss: "nll" | "squaredError";
  /** Curves that may leave the axis at the top with their first steps and rare spikes. */
  readonly curves: ArrayLike<number>;
  /** Values that the axis always includes. */
  readonly whole: readonly number[];
  /** Losses before training: included only where they leave the other values enough room. */
  readonly before: readonly number[];
}

/** Scale of an axis, and the range that it shows. */
export interface LossScale {
  readonly scale: "linear" | "log";
  /** Low < high. */
  readonly range: readonly [number, number];
}

/** Least share of the axis for the losses of trained weights. */
const TRAINED_SHARE = 0.6;

/** Share of the axis above and below the values. */
const MARGIN = 0.06;

/**
 * The axis on which losses are shown: linear for a likelihood, logarithmic for a squared error
 * that fell to less than a third. Losses before training that would take more than two fifths of
 * it stay outside.
 */
export function lossScale({ loss, curves, whole, before }: LossesOnAxis): LossScale {
  const sorted = Float64Array.from(curves).filter(Number.isFinite).sort();
  const ends = sorted.length === 0 ? [] : [quantile(sorted, 0.002), quantile(sorted, 0.985)];
  const finite = (values: readonly number[]) => values.filter(Number.isFinite);
  const must = [...ends, ...finite(whole)];
  // A log of nothing but an evaluation before training has only that to show.
  const shown = must.length > 0 ? must : finite(before);
  if (shown.length === 0) return { scale: "linear", range: [0, 1] };
  const low = Math.min(...shown), high = Math.max(...shown);
  const isLog = loss === "squaredError" && low > 0 && high / low > 3;
  const to = (value: number) => isLog ? Math.log10(value) : value;
  const most = (to(high) - to(low)) / TRAINED_SHARE;
  const near = finite(before).filter((value) =>
    Math.max(to(high), to(value)) - Math.min(to(low), to(value)) <= most
  );
  const [first, last] = widened(
    Math.min(to(low), ...near.map(to)),
    Math.max(to(high), ...near.map(to)),
    MARGIN,
  );
  return isLog
    ? { scale: "log", range: [10 ** first, 10 ** last] }
    : { scale: "linear", range: [first, last] };
}

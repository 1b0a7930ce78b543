import { errorDecimals } from "../pages/format.ts";
import type { ColumnKind } from "../../data/tables/kinds/column_kind.ts";
import type { PointValues } from "../../flows/standardization.ts";
import { fitGaussian, type FittedGaussian } from "../../metrics/gaussian.ts";
import { type Estimate, pairedDifference } from "../../metrics/statistics.ts";

/** The largest number of columns of a baseline; the work grows with their square. */
const MOST_COLUMNS = 1000;

/** What one normal distribution, fitted to the training rows, reaches on the test rows. */
export interface GaussianBaseline {
  /** Mean negative log-likelihood in nats, in the data's units. */
  readonly nllGaussian: number;
  /** The ridge, as a share of each column's variance, if the covariance is singular. */
  readonly nllGaussianRidge?: number;
}

/** {@link GaussianBaseline} and how a model compares with it. */
export interface ComparedBaseline {
  readonly baseline: GaussianBaseline;
  /** Sentences without a full stop: that a ridge was needed, that the model is not better. */
  readonly remarks: readonly string[];
}

/**
 * Compares a model with one normal distribution of full covariance, fitted to all training rows,
 * those that validate among them: it has nothing to tune.
 *
 * @param modelLogProb Log-likelihoods of `rows` in nats; rows without a finite one are left out.
 * @returns null if there is nothing to compare: no such rows, or more than 1,000 columns.
 */
export function compareWithGaussian(
  modelLogProb: Float64Array,
  { rows, trainRows, dims, kinds }: {
    /** [n * dims], in the data's units. */
    readonly rows: PointValues;
    /** [m * dims]. */
    readonly trainRows: PointValues;
    /** Number of columns. */
    readonly dims: number;
    /** Kinds of the columns; undefined if all are real. */
    readonly kinds?: readonly ColumnKind[] | undefined;
  },
): ComparedBaseline | null {
  const has = (_: number, row: number) => Number.isFinite(modelLogProb[row]!);
  const found = modelLogProb.filter(has);
  if (found.length === 0 || dims > MOST_COLUMNS) return null;
  const { logDensity, ridge } = fitRows(
    trainRows,
    kinds ?? Array.from({ length: dims }, () => real),
  );
  const values = logDensity(rows).filter(has);
  const { mean, stdErr } = pairedDifference(values, found);
  const remarks: string[] = [];
  if (ridge > 0) {
    remarks.push(
      `the Gaussian of nllGaussian has a ridge of ${ridge} of each column's variance, since the ` +
        "covariance of the training rows is singular",
    );
  }
  const words = comparison({ mean, stdErr });
  if (words !== null) remarks.push(words);
  const nllGaussian = -values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    baseline: { nllGaussian, ...(ridge > 0 ? { nllGaussianRidge: ridge } : {}) },
    remarks,
  };
}

/**
 * What a model's mean excess over the Gaussian says, from the paired differences of the rows: null if
 * the model does better by more than its standard error, or one row has none.
 */
function comparison({ mean, stdErr }: Estimate): string | null {
  if (Number.isNaN(stdErr) || mean < -stdErr) return null;
  const decimals = stdErr > 0 ? errorDecimals(stdErr) : 2;
  const by = `${mean.toFixed(decimals)} +- ${stdErr.toFixed(decimals)} nats`;
  return mean > stdErr
    ? `the model does worse on these rows than one Gaussian fitted to the training rows: by ${by}`
    : "on these rows the model and one Gaussian fitted to the training rows are equal within the " +
      `standard error: the model's NLL minus the Gaussian's is ${by}`;
}

const real: ColumnKind = { kind: "real" };

/**
 * A Gaussian over the columns that hold numbers. A model's likelihood of discrete columns is a
 * probability, bounded by uniform dequantisation. The Gaussian's is bounded likewise: fitted to
 * values with uniform noise of one step, its mean log-density over the noise plus log(step). (The
 * density of the values alone times the step may exceed 1: of a column of 96 % zeros it is 2.)
 * Categorical columns have their frequencies in the training rows (each category counted once
 * more), independently.
 */
function fitRows(trainRows: PointValues, kinds: readonly ColumnKind[]): FittedGaussian {
  const columns = kinds.map((kind, column) => ({ kind, column }));
  const ofNumbers = columns.filter(({ kind }) => kind.kind !== "categorical");
  const numbers = (points: ArrayLike<number>) =>
    Float64Array.from(
      { length: points.length / kinds.length * ofNumbers.length },
      (_, i) =>
        points[
          Math.floor(i / ofNumbers.length) * kinds.length + ofNumbers[i % ofNumbers.length]!.column
        ]!,
    );
  const gaussian = ofNumbers.length === 0
    ? null
    : fitGaussian(numbers(trainRows), ofNumbers.length, {
      widths: ofNumbers.map(({ kind }) => kind.kind === "dequantized" ? kind.step : 0),
    });
  const logSteps = ofNumbers.reduce(
    (sum, { kind }) => kind.kind === "dequantized" ? sum + Math.log(kind.step) : sum,
    0,
  );
  const rows = trainRows.length / kinds.length;
  const frequencies = columns.flatMap(({ kind, column }) => {
    if (kind.kind !== "categorical") return [];
    const counts = new Float64Array(kind.categories.length).fill(1);
    for (let row = 0; row < rows; row++) counts[trainRows[row * kinds.length + column]!]! += 1;
    return [{ column, logs: counts.map((count) => Math.log(count / (rows + counts.length))) }];
  });
  return {
    ridge: gaussian?.ridge ?? 0,
    logDensity(points) {
      const n = points.length / kinds.length;
      const values = gaussian?.logDensity(numbers(points)) ?? new Float64Array(n);
      return values.map((value, row) =>
        frequencies.reduce(
          (sum, { column, logs }) => sum + (logs[points[row * kinds.length + column]!] ?? NaN),
          value + logSteps,
        )
      );
    },
  };
}

import { fitGaussian } from "../../metrics/gaussian.ts";
import { pairedDifference } from "../../metrics/statistics.ts";

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
  /** Sentences without a full stop: that a ridge was needed, that the model does worse. */
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
  { rows, trainRows, dims }: {
    /** [n * dims]. */
    readonly rows: ArrayLike<number>;
    /** [m * dims]. */
    readonly trainRows: ArrayLike<number>;
    readonly dims: number;
  },
): ComparedBaseline | null {
  const has = (_: number, row: number) => Number.isFinite(modelLogProb[row]!);
  const found = modelLogProb.filter(has);
  if (found.length === 0 || dims > MOST_COLUMNS) return null;
  const gaussian = fitGaussian(trainRows, dims);
  const values = gaussian.logDensity(rows).filter(has);
  const { mean, stdErr } = pairedDifference(values, found);
  const { ridge } = gaussian;
  const remarks: string[] = [];
  if (ridge > 0) {
    remarks.push(
      `the Gaussian of nllGaussian has a ridge of ${ridge} of each column's variance, since the ` +
        "covariance of the training rows is singular",
    );
  }
  if (mean > 0) {
    const error = found.length > 1 ? ` +- ${rounded(stdErr)}` : "";
    remarks.push(
      "the model does worse on these rows than one Gaussian fitted to the training rows: by " +
        `${rounded(mean)}${error} nats`,
    );
  }
  const nllGaussian = -values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    baseline: { nllGaussian, ...(ridge > 0 ? { nllGaussianRidge: ridge } : {}) },
    remarks,
  };
}

function rounded(value: number): string {
  return String(Number(value.toPrecision(2)));
}

import type { Dataset, PointDataset } from "../../data/dataset.ts";
import { fmLoss } from "../../flows/losses/fm_loss.ts";
import { type FailedRow, logProb } from "../../flows/log_prob.ts";
import type { FlowModel, SolveSettings, TraceSettings } from "../../flows/model.ts";
import { sample } from "../../flows/sample.ts";
import { likelihoodConvention, type PointValues } from "../../flows/standardization.ts";
import type { Bounds } from "../../metrics/bounds.ts";
import { type DensityMass, integrateDensity } from "../../metrics/integrate_density.ts";
import { type Estimate, meanAndStdErr, pairedDifference } from "../../metrics/statistics.ts";
import type { Engines } from "../../ode/engines/engines.ts";
import { FailureError } from "../../core/errors.ts";
import { compareWithGaussian, type GaussianBaseline } from "./gaussian_baseline.ts";
import { type SampleDistances, sampleDistances } from "./sample_distances.ts";

/** A model, the rows to evaluate it on, and how. */
export interface EvaluatedModel {
  /** The model. */
  readonly model: FlowModel;
  /** Engines for the solves. */
  readonly engines: Engines;
  /** Test rows, [n * w], in the data's units. */
  readonly rows: PointValues;
  /** Seed of the evaluation's own draws. */
  readonly seed: number;
  /** Settings of the ODE solves. */
  readonly settings: SolveSettings;
}

/** Likelihood of data under a model of points, in nats. */
export interface LikelihoodEvaluation extends Partial<GaussianBaseline> {
  /** Mean negative log-likelihood over rows with a finite one; null if there are none. */
  readonly nll: number | null;
  /** Standard error of `nll`; null with fewer than two such rows. */
  readonly nllStdErr: number | null;
  /** What the likelihood is if the table has discrete columns; absent where it is a density. */
  readonly nllConvention?: string;
  /** Mean field evaluations of the solve, over control groups. */
  readonly nfe: number;
  /** NLL of the true density on the same rows; this and the next two only if that is known. */
  readonly nllTrue?: number | null;
  /** Mean paired difference of the two. */
  readonly nllGap?: number | null;
  /** Standard error of the estimate above. */
  readonly nllGapStdErr?: number | null;
  /** Rows without a finite log-likelihood, excluded from all means. */
  readonly failures: readonly FailedRow[];
  /** Sentences about the comparison with one Gaussian, without a full stop. */
  readonly remarks: readonly string[];
}

/**
 * Evaluates likelihoods under a model of points with accurate solves.
 *
 * @param options.trainRows Training rows of the model's data, [n * w]: the evaluation then has what
 *   one Gaussian fitted to them reaches on the same rows.
 */
export async function evaluateLikelihood(
  { model, engines, rows, seed, settings }: EvaluatedModel,
  options: {
    readonly dataset: Pick<PointDataset, "density" | "dims">;
    readonly trace: TraceSettings;
    readonly trainRows?: PointValues | undefined;
  },
): Promise<LikelihoodEvaluation> {
  const { dataset: { density, dims }, trace, trainRows } = options;
  const { logProb: values, reports, failures } = await logProb(model, engines, rows, {
    settings,
    trace,
    seed,
    onFailure: "continue",
  });
  const has = (_: number, row: number) => Number.isFinite(values[row]!);
  const found = values.filter(has);
  const count = found.length;
  const nll = estimate(count, () => meanAndStdErr(found.map((value) => -value)));
  const convention = likelihoodConvention(model.standardization);
  const evaluation = {
    nll: nll.mean,
    nllStdErr: nll.stdErr,
    ...(convention === null ? {} : { nllConvention: convention }),
    nfe: meanAndStdErr(reports.map((report) => report.nfe)).mean,
  };
  const compared = trainRows && compareWithGaussian(values, {
    ...{ rows, trainRows, dims },
    kinds: model.standardization?.columns,
  });
  const { baseline, remarks } = compared ?? { baseline: {}, remarks: [] };
  if (density === null) return { ...evaluation, ...baseline, failures, remarks };
  const truth = Float64Array.from(density.logDensity(rows)).filter(has);
  const gap = estimate(count, () => pairedDifference(truth, found));
  return {
    ...evaluation,
    nllTrue: estimate(count, () => meanAndStdErr(truth.map((value) => -value))).mean,
    nllGap: gap.mean,
    nllGapStdErr: gap.stdErr,
    ...baseline,
    failures,
    remarks,
  };
}

/** A mean and its standard error from `count` values, null where there are too few. */
function estimate(
  count: number,
  of: () => Estimate,
): { readonly mean: number | null; readonly stdErr: number | null } {
  if (count === 0) return { mean: null, stdErr: null };
  const { mean, stdErr } = of();
  return { mean, stdErr: count < 2 ? null : stdErr };
}

/** Samples that seed the integral of a density; an island with 0.5% of the mass gets about five. */
const MASS_SAMPLES = 1024;
/** Their seed, fixed so that eval, plot and report of a model agree on the mass. */
const MASS_SEED = 3_000_003;
/** At most this many test points, the first ones, determine the box. */
const MASS_POINTS = 4096;
/** Mass beyond each side of the region; test points out there count as outside the model's mass. */
const OUTSIDE = 1e-5;

/** Result of {@link densityMass}: the integral, and a remark on test points outside the mass. */
export interface ModelMass extends DensityMass {
  /** A sentence without a full stop if test points lie outside the mass; else null. */
  readonly outside: string | null;
}

/**
 * Integrates a model's density over the plane; the result is 1 if the likelihood is normalized.
 * Shared by eval, plot and report. Always uses the exact divergence, since a stochastic estimate
 * does not define a density.
 *
 * @param points Test points [n * 2] in the data's units; may be empty.
 * @throws {InputError} If the model's points are not two-dimensional.
 */
export async function densityMass(
  { model, engines, settings }: Pick<EvaluatedModel, "model" | "engines" | "settings">,
  points: PointValues,
): Promise<ModelMass> {
  const request = { count: MASS_SAMPLES, seed: MASS_SEED, settings };
  let samples: PointValues = new Float32Array(0), unsampled: string | null = null;
  try {
    ({ samples } = await sample(model, engines, request));
  } catch (error) {
    if (!(error instanceof FailureError) || points.length === 0) throw error;
    unsampled = `no samples to integrate around: ${error.message}`;
  }
  const found = await integrateDensity(
    async (at) => {
      const { logProb: values } = await logProb(model, engines, at, {
        settings,
        onFailure: "continue",
      });
      return values;
    },
    { around: points.subarray(0, 2 * MASS_POINTS), samples },
  );
  return {
    ...found,
    mass: unsampled === null ? found.mass : null,
    reason: unsampled ?? found.reason,
    outside: found.isLocated ? outsideNote(found.region(OUTSIDE), points) : null,
  };
}

function outsideNote({ xMin, xMax, yMin, yMax }: Bounds, points: PointValues): string | null {
  const n = points.length / 2;
  let count = 0;
  for (let i = 0; i < n; i++) {
    const x = points[2 * i]!, y = points[2 * i + 1]!;
    if (!(x >= xMin && x <= xMax && y >= yMin && y <= yMax)) count++;
  }
  if (count === 0) return null;
  const shown = (from: number, to: number) =>
    `[${Number(from.toPrecision(4))}, ${Number(to.toPrecision(4))}]`;
  return `${count} of ${n} test points lie${count === 1 ? "s" : ""} outside the region ` +
    `${shown(xMin, xMax)} x ${shown(yMin, yMax)} of the model's mass`;
}

/** Fractions of mass and of test points that may lie beyond each side of a picture. */
const UNSHOWN = { mass: 2e-4, points: 2e-3 } as const;

/** Bounds of a picture of a density, which contain nearly all of its mass and of the data. */
export function pictureBounds({ region }: DensityMass, points: PointValues): Bounds {
  const { xMin, xMax, yMin, yMax } = region(UNSHOWN.mass);
  const ends = (axis: 0 | 1, low: number, high: number): [number, number] => {
    const sorted = points.filter((_, i) => i % 2 === axis).sort();
    const skipped = Math.ceil(UNSHOWN.points * sorted.length);
    const from = Math.min(low, sorted[skipped] ?? low);
    const to = Math.max(high, sorted[sorted.length - 1 - skipped] ?? high);
    const margin = 0.04 * (to - from);
    return [from - margin, to + margin];
  };
  const [left, right] = ends(0, xMin, xMax), [lower, upper] = ends(1, yMin, yMax);
  return { xMin: left, xMax: right, yMin: lower, yMax: upper };
}

/** Evaluation of a flow-matching model; the distances only if fresh data can be drawn. */
export interface FmEvaluation extends Partial<SampleDistances> {
  /** Training loss on the rows, a mean squared error. */
  readonly loss: number;
  /** Standard error of the estimate above. */
  readonly lossStdErr: number;
}

/** Evaluates the flow-matching loss and the distances of samples to the data. */
export async function evaluateFm(
  { rows, ...evaluated }: EvaluatedModel,
  dataset: Dataset,
): Promise<FmEvaluation> {
  const { model, seed } = evaluated;
  const { loss, lossStdErr } = await fmLoss(model, rows, { seed });
  if (dataset.kind !== "points" || dataset.draw === null) return { loss, lossStdErr };
  const { dims, draw, curve } = dataset;
  const distances = await sampleDistances(evaluated, {
    dims,
    draw,
    ...(curve === undefined ? {} : { curve }),
  });
  return { loss, lossStdErr, ...distances };
}

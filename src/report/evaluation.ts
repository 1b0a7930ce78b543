import type { Dataset, PointDataset } from "../data/dataset.ts";
import { fmLoss } from "../flows/fm_loss.ts";
import { type FailedRow, logProb } from "../flows/log_prob.ts";
import type { FlowModel, SolveSettings, TraceSettings } from "../flows/model.ts";
import { sample } from "../flows/sample.ts";
import type { PointValues } from "../flows/standardization.ts";
import { type GridMass, integrateDensity } from "../metrics/integrate_density.ts";
import { type Estimate, meanAndStdErr, pairedDifference } from "../metrics/statistics.ts";
import { wasserstein2 } from "../metrics/wasserstein.ts";
import type { Engine } from "../ode/engine.ts";

/** Points in each cloud of a Wasserstein distance: the assignment takes time n^3, 0.2 s here. */
export const CLOUD = 512;

/** Seeds of fresh draws, away from the small ones with which people train. */
const FRESH_SEEDS = [1_000_003, 2_000_003] as const;

/** Two clouds of {@link CLOUD} fresh points: one to measure from, and one that shows what is near. */
export function freshClouds(
  draw: (seed: number, n: number) => Float32Array,
  seed: number,
): readonly [Float32Array, Float32Array] {
  const [first, second] = FRESH_SEEDS;
  return [draw(seed + first, CLOUD), draw(seed + second, CLOUD)];
}

/** What is evaluated, and on what. */
export interface EvaluatedModel {
  /** The model. */
  readonly model: FlowModel;
  /** To solve with. */
  readonly engine: Engine;
  /** Test rows, [n * w], in the data's units. */
  readonly rows: PointValues;
  /** Of the evaluation's own draws. */
  readonly seed: number;
  /** How ODEs are solved. */
  readonly settings: SolveSettings;
}

/** How likely a model of points finds its data, in nats. */
export interface LikelihoodEvaluation {
  /** Mean negative log-likelihood of the rows that have one; null if none has. */
  readonly nll: number | null;
  /** Its standard error; null if fewer than two rows have a likelihood. */
  readonly nllStdErr: number | null;
  /** Mean field evaluations of the solve, over control groups. */
  readonly nfe: number;
  /** NLL of the true density on the same rows; only where that is known, as the next two. */
  readonly nllTrue?: number | null;
  /** Mean of the paired difference of the two. */
  readonly nllGap?: number | null;
  /** Its standard error. */
  readonly nllGapStdErr?: number | null;
  /** Rows that have no finite log-likelihood, left out of every mean. */
  readonly failures: readonly FailedRow[];
}

/** Likelihoods under a model of points, each from an accurate solve. */
export async function evaluateLikelihood(
  { model, engine, rows, seed, settings }: EvaluatedModel,
  options: { readonly dataset: PointDataset; readonly trace: TraceSettings },
): Promise<LikelihoodEvaluation> {
  const { dataset: { density }, trace } = options;
  const { logProb: values, reports, failures } = await logProb(model, engine, rows, {
    settings,
    trace,
    seed,
    onFailure: "continue",
  });
  const has = (_: number, row: number) => Number.isFinite(values[row]!);
  const found = values.filter(has);
  const count = found.length;
  const nll = estimate(count, () => meanAndStdErr(found.map((value) => -value)));
  const evaluation = {
    nll: nll.mean,
    nllStdErr: nll.stdErr,
    nfe: meanAndStdErr(reports.map((report) => report.nfe)).mean,
  };
  if (density === null) return { ...evaluation, failures };
  const truth = Float64Array.from(density.logDensity(rows)).filter(has);
  const gap = estimate(count, () => pairedDifference(truth, found));
  return {
    ...evaluation,
    nllTrue: estimate(count, () => meanAndStdErr(truth.map((value) => -value))).mean,
    nllGap: gap.mean,
    nllGapStdErr: gap.stdErr,
    failures,
  };
}

/** An estimate from `count` values, with null for what so few do not tell. */
function estimate(
  count: number,
  of: () => Estimate,
): { readonly mean: number | null; readonly stdErr: number | null } {
  if (count === 0) return { mean: null, stdErr: null };
  const { mean, stdErr } = of();
  return { mean, stdErr: count < 2 ? null : stdErr };
}

/**
 * The integral of a model's density over the plane, 1 if its likelihood is one,
 * and the grid that it was computed from.
 *
 * @param options.around Points [n * 2] that the density is about.
 * @throws {InputError} If the model is not one of two-dimensional points.
 */
export function densityMass(
  { model, engine, seed, settings }: Omit<EvaluatedModel, "rows">,
  options: { readonly around: PointValues; readonly trace: TraceSettings },
): Promise<GridMass> {
  const { around, trace } = options;
  return integrateDensity(
    async (points) => (await logProb(model, engine, points, { settings, trace, seed })).logProb,
    { around },
  );
}

/** How well flow matching knows its data. */
export interface FmEvaluation {
  /** The training loss on the rows, a mean squared error. */
  readonly loss: number;
  /** Its standard error. */
  readonly lossStdErr: number;
  /** 2-Wasserstein distance of samples to fresh data; only where that can be drawn, as the next. */
  readonly wasserstein2?: number;
  /** The same between two fresh draws of the data: what a perfect model would have. */
  readonly wasserstein2Data?: number;
}

/** Loss of flow matching, and the distance of its samples to the data. */
export async function evaluateFm(
  { model, engine, rows, seed, settings }: EvaluatedModel,
  dataset: Dataset,
): Promise<FmEvaluation> {
  const { loss, lossStdErr } = await fmLoss(model, rows, { seed });
  if (dataset.kind !== "points" || dataset.draw === null) return { loss, lossStdErr };
  const { dims, draw } = dataset;
  const { samples } = await sample(model, engine, { count: CLOUD, seed, settings });
  const [fresh, other] = freshClouds(draw, seed);
  return {
    loss,
    lossStdErr,
    wasserstein2: wasserstein2(samples, fresh, dims),
    wasserstein2Data: wasserstein2(other, fresh, dims),
  };
}

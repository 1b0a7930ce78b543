import * as tf from "../../core/tfjs/library.ts";
import { needTensors } from "../../core/tfjs/on_demand.ts";
import { flattenGradients } from "../../core/parameters.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { valueAndGradients } from "../../ops/gradients.ts";
import { meanSquaredError } from "../../ops/mean_squared_error/mean_squared_error.ts";
import { piecesOf } from "../../ops/pieces.ts";
import type { SimdChoice } from "../../threads/simd_module.ts";
import { independentCoupling } from "../couplings/coupling.ts";
import type { FlowModel } from "../model.ts";
import { evaluationRows, trainingRows } from "../piece_rows.ts";
import { fillInputs } from "../regression/fill_inputs.ts";
import { type RegressionCache, regressionLosses } from "../regression/regression_losses.ts";
import { regressionFits } from "../regression/regression_sizes.ts";
import { dataWidth, type PointValues, toModel } from "../standardization.ts";
import { type FlowMatchingOptions, stepKeys } from "./fm_draws.ts";
import {
  type DrawnPairs,
  drawPairs,
  piecePairs,
  regressionOf,
  type RegressionPoints,
  velocityAt,
} from "./fm_pairs.ts";
import type { Loss, LossAndGradient, StepDraw } from "./loss.ts";

/**
 * Rows per evaluation batch, within which rows are coupled. Constant, so that the loss depends only
 * on the rows and the seed, not on the network's size.
 */
const EVALUATION_ROWS = 250;

/**
 * Flow matching as a training loss.
 *
 * @param options Combine freely with any path and source of the model.
 */
export function flowMatchingLoss(options: FlowMatchingOptions = {}): Loss {
  const { coupling = independentCoupling } = options;
  return {
    name: "flow-matching",
    async lossAndGradient(model, batch, draw) {
      // A GPU cannot be read synchronously. Reading a batch that is not uploaded yet is free.
      const x1 = coupling === independentCoupling ? undefined : await batch.data<"float32">();
      return fmLossAndGradient(model, batch, draw, { ...options, x1 });
    },
  };
}

/**
 * Flow-matching loss of a batch, the mean squared error over all elements between the network and
 * the conditional velocity, and its gradient.
 *
 * A batch whose activations do not fit the CPU backend's memory is split; loss and gradient are
 * averages over the pieces weighted by their rows, summed in order. Rows are coupled over the whole
 * batch.
 *
 * Source: Lipman et al. 2023, equation 23; with a coupling Tong et al. 2024, algorithm 1.
 *
 * @param batch Data x1 in model units, [n, w]; owned by the caller.
 * @param draw Times and noise are a function of this and the row.
 * @param options.mostRows Rows per piece; by default derived from the network's sizes.
 * @param options.x1 The batch's values, [n * w], for the coupling. By default read back if the
 *   coupling needs them, which fails on a GPU ({@link flowMatchingLoss} reads them first).
 */
export function fmLossAndGradient(
  model: FlowModel,
  batch: Tensor2D,
  draw: StepDraw,
  options: FlowMatchingOptions & {
    readonly mostRows?: number;
    readonly x1?: Float32Array | undefined;
  } = {},
): LossAndGradient {
  const { mostRows = trainingRows(model.network) } = options;
  const [n] = batch.shape;
  const total = tf.tidy(() => {
    const pairs = drawPairs(model, batch, {
      ...options,
      ...stepKeys(draw),
      first: 0,
    });
    const pieces = piecesOf(n, mostRows);
    if (pieces.length === 1) return pairsRegression(model, pairs);
    let sum: Regression | null = null;
    for (const piece of pieces) {
      const before: Regression | null = sum;
      sum = tf.tidy(() => {
        const { loss, gradient } = pairsRegression(model, piecePairs(pairs, piece));
        const weight = piece.count / n;
        const share = { loss: tf.mul(loss, weight), gradient: tf.mul(gradient, weight) };
        return before === null ? share : {
          loss: tf.add(before.loss, share.loss),
          gradient: tf.add(before.gradient, share.gradient),
        };
      }) as Regression;
      if (before !== null) tf.dispose([before.loss, before.gradient]);
    }
    return sum!;
  }) as Regression;
  return { ...total, nfe: null };
}

/** Loss averaged over rows, and its gradient. */
type Regression = Pick<LossAndGradient, "loss" | "gradient">;

/** Mean over pairs; the caller disposes both tensors. */
function pairsRegression(model: FlowModel, pairs: DrawnPairs): Regression {
  return tf.tidy(() => velocityRegression(model, regressionOf(model, pairs)));
}

/**
 * Mean squared error over all elements between the network's velocity and a target, and its
 * gradient. The caller disposes both tensors.
 *
 * @param at.times Numbers, or a tensor on a GPU for networks that take times from there.
 */
export function velocityRegression(
  model: FlowModel,
  at: RegressionPoints,
): { loss: Scalar; gradient: Tensor1D } {
  return tf.tidy(() => {
    const loss = (...tensors: Tensor[]) => {
      const { network } = model, { x, times, target } = at;
      const known = times instanceof Float32Array ? { t: times } : null;
      return (known && network.squaredError?.(tensors, x, known, target)) ??
        meanSquaredError(velocityAt(network, tensors, at), target);
    };
    const { layout, tensors } = model.parameters;
    const { value, gradients } = valueAndGradients(loss, tensors);
    return { loss: value, gradient: flattenGradients(layout, gradients) };
  });
}

/** How the kernels of fused training evaluate a ConditionalMLP; see `regressionLosses`. */
export interface FusedEvaluation {
  /** Width of the network. */
  readonly hidden: number;
  readonly threads: number;
  readonly build: SimdChoice;
  /** Of rows that are evaluated again with the same draws: where they are kept, and their name. */
  readonly kept?: { readonly regressions: RegressionCache; readonly name: string };
}

/**
 * Flow-matching loss over many rows with its standard error. For a model of standardised points it
 * is in standardised units.
 *
 * Coupled pairs of a batch are not independent, so with a coupling the standard error comes from the
 * spread of the batches; for optimal transport the spread of the pairs gives a half or a third of
 * it, and for a single batch no more than that is known: evaluate more than 250 rows.
 *
 * @param rows Data x1 in the data's units, [n * columns]. Time and noise of row i are functions of
 *   (seed, i); a coupling pairs within batches of 250 rows.
 * @throws {RangeError} If there are no rows.
 */
export async function fmLoss(
  model: FlowModel,
  rows: PointValues,
  options: FlowMatchingOptions & { readonly seed: number },
): Promise<{ loss: number; lossStdErr: number }> {
  const { count, batchAt } = evaluationBatches(model, rows, options);
  await needTensors();
  const losses: Float32Array[] = [];
  for (let first = 0; first < count; first += EVALUATION_ROWS) {
    const { x1, ...batch } = batchAt(first);
    const shape: [number, number] = [x1.length / model.network.rowWidth, model.network.rowWidth];
    const rowLosses = tf.tidy(() => {
      const pairs = drawPairs(model, tf.tensor2d(x1, shape), { ...batch, x1 });
      return tf.concat1d(
        piecesOf(shape[0], evaluationRows(model.network)).map((piece) =>
          tf.tidy(() => pairLosses(model, piecePairs(pairs, piece)))
        ),
      );
    });
    losses.push(await rowLosses.data<"float32">());
    rowLosses.dispose();
  }
  return meanOfLosses(losses, options);
}

/** Whether {@link fusedFmLoss} has memory for a network of this width. */
export function fusedFmLossFits({ network }: FlowModel, hidden: number): boolean {
  const shape = { dims: network.rowWidth, hidden, rows: EVALUATION_ROWS, averages: false };
  return regressionFits(shape);
}

/**
 * {@link fmLoss} of a ConditionalMLP by the kernels of fused training, whose rounding it has.
 *
 * @throws {RangeError} If there are no rows.
 */
export async function fusedFmLoss(
  model: FlowModel,
  rows: PointValues,
  { fused, ...options }: FlowMatchingOptions & {
    readonly seed: number;
    /** What {@link fusedFmLossFits} holds of. */
    readonly fused: FusedEvaluation;
  },
): Promise<{ loss: number; lossStdErr: number }> {
  const { count, batchAt } = evaluationBatches(model, rows, options);
  const weights = await model.parameters.read();
  const whole = Math.floor(count / EVALUATION_ROWS), rest = count % EVALUATION_ROWS;
  const losses: Float32Array[] = [];
  for (const [size, from, batches] of [[EVALUATION_ROWS, 0, whole], [rest, whole, 1]] as const) {
    if (size === 0 || batches === 0) continue;
    const shape = { dims: model.network.rowWidth, hidden: fused.hidden, rows: size };
    const { kept } = fused;
    const rowLosses = await regressionLosses(shape, weights, {
      ...fused,
      batches,
      kept: kept && { ...kept, name: `${kept.name}, batches of ${size}` },
      fill(index, inputs) {
        const { x1, ...batch } = batchAt((from + index) * EVALUATION_ROWS);
        inputs.x1.set(x1);
        fillInputs(inputs, model, batch);
      },
    });
    for (let at = 0; at < rowLosses.length; at += size) {
      losses.push(rowLosses.subarray(at, at + size));
    }
  }
  return meanOfLosses(losses, options);
}

/**
 * The rows of an evaluation in batches of {@link EVALUATION_ROWS}.
 *
 * @returns Their number; and of the batch that begins at a row its data in model units, and what
 *   determines its draws.
 * @throws {RangeError} If there are no rows.
 */
function evaluationBatches(
  model: FlowModel,
  rows: PointValues,
  { seed, ...options }: FlowMatchingOptions & { readonly seed: number },
) {
  const columns = dataWidth(model), count = rows.length / columns;
  if (count < 1 || !Number.isInteger(count)) {
    throw new RangeError(`fmLoss: expected rows of ${columns} numbers, got ${rows.length} numbers`);
  }
  const batchAt = (first: number) => ({
    first,
    x1: toModel(
      model.standardization,
      rows.slice(first * columns, Math.min(count, first + EVALUATION_ROWS) * columns),
      { key: keyOf(subsequences.evaluationTableNoise, seed), firstRow: first },
    ),
    ...options,
    noiseKey: keyOf(subsequences.evaluationNoise, seed),
    timesKey: keyOf(subsequences.evaluationTimes, seed),
    couplingKey: keyOf(subsequences.evaluationCouplings, seed, first / EVALUATION_ROWS),
  });
  return { count, batchAt };
}

/** Mean over the rows' losses, a list per batch, with its standard error; see {@link fmLoss}. */
function meanOfLosses(
  losses: readonly Float32Array[],
  { coupling = independentCoupling }: FlowMatchingOptions,
): { loss: number; lossStdErr: number } {
  const batches: BatchTotal[] = [];
  let n = 0, sum = 0, sumOfSquares = 0;
  for (const batch of losses) {
    const before = sum;
    for (const value of batch) {
      sum += value;
      sumOfSquares += value * value;
    }
    n += batch.length;
    batches.push({ count: batch.length, sum: sum - before });
  }
  const loss = sum / n;
  if (coupling !== independentCoupling && batches.length > 1) {
    return { loss, lossStdErr: stdErrOfBatches(batches, loss) };
  }
  const variance = n > 1 ? Math.max(0, sumOfSquares - n * loss * loss) / (n - 1) : 0;
  return { loss, lossStdErr: Math.sqrt(variance / n) };
}

/** The losses of a batch, added up. */
interface BatchTotal {
  readonly count: number;
  readonly sum: number;
}

/**
 * Standard error of the mean over all rows of two or more independent batches, whose rows may depend
 * on each other. The mean is the ratio of the batches' sums and counts.
 *
 * Source: Cochran 1977, Sampling Techniques, 3rd edition, chapter 2 (estimation of a ratio).
 */
function stdErrOfBatches(batches: readonly BatchTotal[], mean: number): number {
  const rows = batches.reduce((total, { count }) => total + count, 0);
  const squares = batches.reduce((total, { sum, count }) => total + (sum - count * mean) ** 2, 0);
  const degrees = (batches.length - 1) / batches.length;
  return Math.sqrt(squares / degrees) / rows;
}

/** Mean squared error of each pair, [n]. */
function pairLosses(model: FlowModel, pairs: DrawnPairs): Tensor1D {
  const points = regressionOf(model, pairs);
  const velocity = velocityAt(model.network, model.parameters.tensors, points);
  return tf.mean(tf.squaredDifference(velocity, points.target), 1);
}

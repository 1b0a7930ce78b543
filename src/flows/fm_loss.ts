import * as tf from "@tensorflow/tfjs";
import { valueAndGradients } from "../ops/gradients.ts";
import { flattenGradients } from "../core/parameters.ts";
import { type Piece, piecesOf } from "../ops/pieces.ts";
import { applyNetwork } from "../nn/apply.ts";
import { fillNormal, fillUniform } from "../core/random/random.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import type { LossAndGradient, StepDraw } from "./loss.ts";
import type { FlowModel } from "./model.ts";
import { evaluationRows, trainingRows } from "./piece_rows.ts";
import { pathSample, pathVelocity } from "./probability_path.ts";
import { type PointValues, toModel } from "./standardization.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../core/tensors.ts";

/** Rows of a batch of an evaluation, so that activations of images stay small. */
const EVALUATION_ROWS = 250;

/**
 * The flow-matching loss of a batch, mean squared error over all elements
 * between the network and the conditional velocity, and its gradient.
 *
 * A batch whose activations do not fit the CPU backend's memory is cut: the loss is the mean over
 * the pieces weighted by their rows, and so is the gradient, added up in the pieces' order.
 *
 * Source: Lipman et al. 2023, equation 23, with t uniform on (0, 1).
 *
 * @param batch Data x1 as the model takes them, [n, w]; stays the caller's.
 * @param draw Times and noise are a function of it and the row.
 * @param options.mostRows Rows of a piece; left out: as the network's sizes say.
 */
export function fmLossAndGradient(
  model: FlowModel,
  batch: Tensor2D,
  draw: StepDraw,
  options: { readonly mostRows?: number } = {},
): LossAndGradient {
  const { mostRows = trainingRows(model.network) } = options;
  const [n] = batch.shape;
  const pieces = piecesOf(n, mostRows);
  if (pieces.length === 1) return { ...ofPiece(model, batch, draw, pieces[0]!), nfe: null };
  const total = tf.tidy(() => {
    let total: Regression | null = null;
    for (const piece of pieces) {
      const before: Regression | null = total;
      total = tf.tidy(() => {
        const rows = tf.slice2d(batch, [piece.first, 0], [piece.count, -1]);
        const { loss, gradient } = ofPiece(model, rows, draw, piece);
        const weight = piece.count / n;
        const share = { loss: tf.mul(loss, weight), gradient: tf.mul(gradient, weight) };
        return before === null ? share : {
          loss: tf.add(before.loss, share.loss),
          gradient: tf.add(before.gradient, share.gradient),
        };
      }) as Regression;
      if (before !== null) tf.dispose([before.loss, before.gradient]);
    }
    return total!;
  });
  return { ...total, nfe: null };
}

/** A mean over rows and its gradient. */
type Regression = Pick<LossAndGradient, "loss" | "gradient">;

/** The mean over a batch's rows `piece`, [count, w]; both tensors are the caller's. */
function ofPiece(
  model: FlowModel,
  rows: Tensor2D,
  { seed, step }: StepDraw,
  { first, count }: Piece,
): Regression {
  const width = model.network.rowWidth;
  const times = fillUniform(keyOf(subsequences.times, seed, step), first, new Float32Array(count));
  const noise = fillNormal(
    keyOf(subsequences.noise, seed, step),
    first * width,
    new Float32Array(count * width),
  );
  return tf.tidy(() => {
    const { x, target } = regressionOf(rows, times, noise, model.sigmaMin);
    return velocityRegression(model, { x, times, target });
  });
}

/**
 * Mean squared error, over all elements, of the network's velocity against a
 * target, and its gradient: two tensors of the caller's.
 *
 * @param at.x Where on the path the network is asked, [n, w].
 * @param at.times When, [n].
 * @param at.target What it should answer, [n, w].
 */
export function velocityRegression(
  model: FlowModel,
  at: { readonly x: Tensor2D; readonly times: Float32Array; readonly target: Tensor2D },
): { loss: Scalar; gradient: Tensor1D } {
  return tf.tidy(() => {
    const meanSquaredError = (...tensors: Tensor[]) => {
      const velocity = applyNetwork(model.network, tensors, at.x, { t: at.times });
      return tf.mean(tf.squaredDifference(velocity, at.target)) as Scalar;
    };
    const { layout, tensors } = model.parameters;
    const { value, gradients } = valueAndGradients(meanSquaredError, tensors);
    return { loss: value, gradient: flattenGradients(layout, gradients) };
  });
}

/**
 * The flow-matching loss over many rows, with its standard error over rows. Of
 * a model of standardised points it is the loss of those, without a unit.
 *
 * @param rows Data x1 in the data's units, [n * w]. Row i's time and noise are a function of (seed, i).
 * @throws {RangeError} If there is no row.
 */
export async function fmLoss(
  model: FlowModel,
  rows: PointValues,
  { seed }: { readonly seed: number },
): Promise<{ loss: number; lossStdErr: number }> {
  const width = model.network.rowWidth;
  const n = rows.length / width;
  if (n < 1 || !Number.isInteger(n)) {
    throw new RangeError(`fmLoss: expected rows of ${width} numbers, got ${rows.length} numbers`);
  }
  let sum = 0, sumOfSquares = 0;
  const most = Math.min(EVALUATION_ROWS, evaluationRows(model.network));
  for (let start = 0; start < n; start += most) {
    const count = Math.min(most, n - start);
    const times = fillUniform(
      keyOf(subsequences.evaluationTimes, seed),
      start,
      new Float32Array(count),
    );
    const noise = fillNormal(
      keyOf(subsequences.evaluationNoise, seed),
      start * width,
      new Float32Array(count * width),
    );
    const part = rows.slice(start * width, (start + count) * width);
    const rowLosses = tf.tidy(() => {
      const x1 = tf.tensor2d(toModel(model.standardization, part), [count, width]);
      const { x, target } = regressionOf(x1, times, noise, model.sigmaMin);
      const velocity = applyNetwork(model.network, model.parameters.tensors, x, { t: times });
      return tf.mean(tf.squaredDifference(velocity, target), 1);
    });
    for (const value of await rowLosses.data()) {
      sum += value;
      sumOfSquares += value * value;
    }
    rowLosses.dispose();
  }
  const loss = sum / n;
  const variance = n > 1 ? Math.max(0, sumOfSquares - n * loss * loss) / (n - 1) : 0;
  return { loss, lossStdErr: Math.sqrt(variance / n) };
}

/** Where on the path the network is asked, and what it should answer. Call inside a tidy. */
function regressionOf(
  x1: Tensor2D,
  times: Float32Array,
  noise: Float32Array,
  sigmaMin: number,
): { x: Tensor2D; target: Tensor2D } {
  return tf.tidy(() => {
    const x0 = tf.tensor2d(noise, x1.shape);
    const t = tf.tensor2d(times, [x1.shape[0], 1]);
    return {
      x: pathSample({ x0, x1, t }, sigmaMin),
      target: pathVelocity({ x0, x1 }, sigmaMin),
    };
  });
}

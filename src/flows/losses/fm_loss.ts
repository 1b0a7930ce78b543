import * as tf from "@tensorflow/tfjs";
import { flattenGradients } from "../../core/parameters.ts";
import type { RandomKey } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { Scalar, Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { applyNetwork } from "../../nn/apply.ts";
import { valueAndGradients } from "../../ops/gradients.ts";
import { type Piece, piecesOf } from "../../ops/pieces.ts";
import { type Coupling, independentCoupling } from "../couplings/coupling.ts";
import type { FlowModel } from "../model.ts";
import { pathSample, pathVelocity } from "../paths/path.ts";
import { evaluationRows, trainingRows } from "../piece_rows.ts";
import { type PointValues, toModel } from "../standardization.ts";
import type { TimeSampler } from "../times/time_sampler.ts";
import { uniformTimes } from "../times/uniform_times.ts";
import type { Loss, LossAndGradient, StepDraw } from "./loss.ts";

/**
 * Rows of a batch of an evaluation, within which they are coupled. A constant, so that the loss is a
 * function of the rows and the seed whatever the network's size.
 */
const EVALUATION_ROWS = 250;

/** How a flow-matching loss draws; the path and the source are the model's. */
export interface FlowMatchingOptions {
  /** {@link uniformTimes} when left out. */
  readonly times?: TimeSampler;
  /** {@link independentCoupling} when left out. */
  readonly coupling?: Coupling;
}

/**
 * Flow matching as a loss to train with.
 *
 * @param options Any combination with any path and source of the model.
 */
export function flowMatchingLoss(options: FlowMatchingOptions = {}): Loss {
  const { coupling = independentCoupling } = options;
  return {
    name: "flow-matching",
    async lossAndGradient(model, batch, draw) {
      // A GPU cannot be read synchronously; a batch that is not uploaded yet costs no read-back.
      const x1 = coupling === independentCoupling ? undefined : await batch.data<"float32">();
      return fmLossAndGradient(model, batch, draw, { ...options, x1 });
    },
  };
}

/**
 * The flow-matching loss of a batch, mean squared error over all elements
 * between the network and the conditional velocity, and its gradient.
 *
 * A batch whose activations do not fit the CPU backend's memory is cut: the loss is the mean over
 * the pieces weighted by their rows, and so is the gradient, added up in the pieces' order. Rows are
 * coupled over the whole batch.
 *
 * Source: Lipman et al. 2023, equation 23; with a coupling Tong et al. 2024, algorithm 1.
 *
 * @param batch Data x1 as the model takes them, [n, w]; stays the caller's.
 * @param draw Times and noise are a function of it and the row.
 * @param options.mostRows Rows of a piece; left out: as the network's sizes say.
 * @param options.x1 The batch's numbers, [n * w], for the coupling; left out: it has them read back
 *   if it asks for them, which a GPU refuses ({@link flowMatchingLoss} reads them first).
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
      noiseKey: keyOf(subsequences.noise, draw.seed, draw.step),
      timesKey: keyOf(subsequences.times, draw.seed, draw.step),
      couplingKey: keyOf(subsequences.couplings, draw.seed, draw.step),
      first: 0,
    });
    const pieces = piecesOf(n, mostRows);
    if (pieces.length === 1) return ofPairs(model, pairs);
    let sum: Regression | null = null;
    for (const piece of pieces) {
      const before: Regression | null = sum;
      sum = tf.tidy(() => {
        const { loss, gradient } = ofPairs(model, piecePairs(pairs, piece));
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

/** A mean over rows and its gradient. */
type Regression = Pick<LossAndGradient, "loss" | "gradient">;

/** Rows of a batch, each paired with a draw of the source and a time. */
interface DrawnPairs {
  /** Draws of the source, [n * w]. */
  readonly x0: Float32Array;
  /** Data, [n, w]. */
  readonly x1: Tensor2D;
  /** [n]. */
  readonly times: Float32Array;
}

/**
 * Draws the times and the source's rows of a batch, and couples them with its data.
 *
 * @param options.first Number of the batch's first row in the keys' sequences.
 * @param options.x1 The batch's numbers, where they are at hand.
 * @throws {RangeError} If the coupling's indices are not of rows of the batch.
 */
function drawPairs(
  { source }: FlowModel,
  batch: Tensor2D,
  options: FlowMatchingOptions & {
    readonly noiseKey: RandomKey;
    readonly timesKey: RandomKey;
    readonly couplingKey: RandomKey;
    readonly first: number;
    readonly x1?: Float32Array | undefined;
  },
): DrawnPairs {
  const { times = uniformTimes, coupling = independentCoupling, first } = options;
  const [count, width] = batch.shape;
  const x0 = source.draw(options.noiseKey, { first, count, width });
  const drawn = { x0, x1: batch, times: times.draw(options.timesKey, { first, count }) };
  const pairs = coupling.pair({
    count,
    width,
    x0,
    key: options.couplingKey,
    get x1() {
      return options.x1 ?? batch.dataSync<"float32">();
    },
  });
  if (pairs === null) return drawn;
  requireIndices(coupling, pairs.x0, count);
  requireIndices(coupling, pairs.x1, count);
  const paired = new Float32Array(x0.length);
  pairs.x0.forEach((from, to) =>
    paired.set(x0.subarray(from * width, (from + 1) * width), to * width)
  );
  const x1 = tf.gather(batch, tf.tensor1d(Int32Array.from(pairs.x1), "int32"));
  return { ...drawn, x0: paired, x1 };
}

/** A caller's coupling is checked here: what it returns becomes an index into memory. */
function requireIndices({ name }: Coupling, indices: Uint32Array, count: number): void {
  const isIndex = (index: number) => Number.isInteger(index) && index >= 0 && index < count;
  if (indices.length !== count || !indices.every(isIndex)) {
    throw new RangeError(
      `coupling ${name}: expected ${count} indices below ${count}, got ${indices.length}, of which ` +
        `${indices.filter((index) => !isIndex(index)).length} are none`,
    );
  }
}

/** The pairs of a piece of a batch; call it inside a tidy. */
function piecePairs({ x0, x1, times }: DrawnPairs, { first, count }: Piece): DrawnPairs {
  const width = x1.shape[1];
  return {
    x0: x0.subarray(first * width, (first + count) * width),
    x1: tf.slice2d(x1, [first, 0], [count, -1]),
    times: times.subarray(first, first + count),
  };
}

/** The mean over pairs; both tensors are the caller's. */
function ofPairs(model: FlowModel, pairs: DrawnPairs): Regression {
  return tf.tidy(() =>
    velocityRegression(model, { ...regressionOf(model, pairs), times: pairs.times })
  );
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
 * @param rows Data x1 in the data's units, [n * w]. Row i's time and noise are a function of
 *   (seed, i); a coupling pairs 250 rows after another.
 * @throws {RangeError} If there is no row.
 */
export async function fmLoss(
  model: FlowModel,
  rows: PointValues,
  { seed, ...options }: FlowMatchingOptions & { readonly seed: number },
): Promise<{ loss: number; lossStdErr: number }> {
  const width = model.network.rowWidth;
  const n = rows.length / width;
  if (n < 1 || !Number.isInteger(n)) {
    throw new RangeError(`fmLoss: expected rows of ${width} numbers, got ${rows.length} numbers`);
  }
  let sum = 0, sumOfSquares = 0;
  for (let first = 0; first < n; first += EVALUATION_ROWS) {
    const count = Math.min(EVALUATION_ROWS, n - first);
    const part = rows.slice(first * width, (first + count) * width);
    const rowLosses = tf.tidy(() => {
      const x1 = toModel(model.standardization, part);
      const batch = tf.tensor2d(x1, [count, width]);
      const pairs = drawPairs(model, batch, {
        ...options,
        noiseKey: keyOf(subsequences.evaluationNoise, seed),
        timesKey: keyOf(subsequences.evaluationTimes, seed),
        couplingKey: keyOf(subsequences.evaluationCouplings, seed, first / EVALUATION_ROWS),
        first,
        x1,
      });
      return tf.concat1d(
        piecesOf(count, evaluationRows(model.network)).map((piece) =>
          tf.tidy(() => pairLosses(model, piecePairs(pairs, piece)))
        ),
      );
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

/** The mean squared error of each pair, [n]. */
function pairLosses(model: FlowModel, pairs: DrawnPairs): Tensor1D {
  const { x, target } = regressionOf(model, pairs);
  const velocity = applyNetwork(model.network, model.parameters.tensors, x, { t: pairs.times });
  return tf.mean(tf.squaredDifference(velocity, target), 1);
}

/** Where on the path the network is asked, and what it should answer. Call inside a tidy. */
function regressionOf(
  { path }: FlowModel,
  { x0: values, x1, times }: DrawnPairs,
): { x: Tensor2D; target: Tensor2D } {
  return tf.tidy(() => {
    const points = { x0: tf.tensor2d(values, x1.shape), x1, times };
    return { x: pathSample(path, points), target: pathVelocity(path, points) };
  });
}

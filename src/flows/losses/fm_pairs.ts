import * as tf from "../../core/tfjs/library.ts";
import type { RandomKey } from "../../core/random/random.ts";
import type { Tensor2D } from "../../core/tensors.ts";
import { flowPairs, hasFlowPairs } from "../../ops/flow_pairs/flow_pairs.ts";
import type { Piece } from "../../ops/pieces.ts";
import { independentCoupling } from "../couplings/coupling.ts";
import type { FlowModel } from "../model.ts";
import { pathSampleAndVelocity, writeCoefficients } from "../paths/path.ts";
import { standardNormal } from "../sources/standard_normal.ts";
import { drawTimes } from "../times/time_sampler.ts";
import { uniformTimes } from "../times/uniform_times.ts";
import { drawBatch, type DrawKeys, type FlowMatchingOptions } from "./fm_draws.ts";

/** Standard normal numbers that the backend draws where they are needed. */
interface NoiseToDraw {
  readonly key: RandomKey;
  /** Index of the first number. */
  readonly start: number;
}

/** Rows of a batch, each paired with a source draw and a time. */
export interface DrawnPairs {
  /** Draws of the source, [n * w]. */
  readonly x0: Float32Array | NoiseToDraw;
  /** Data, [n, w]. */
  readonly x1: Tensor2D;
  /** [n]. */
  readonly times: Float32Array;
}

/** Draws of a batch, with the data in the order of the pairs. Call inside tf.tidy. */
export function drawPairs(
  model: FlowModel,
  batch: Tensor2D,
  options: FlowMatchingOptions & DrawKeys & {
    readonly first: number;
    /** The batch's values, if available on the host. */
    readonly x1?: Float32Array | undefined;
  },
): DrawnPairs {
  const [count, width] = batch.shape;
  const { first, times: sampler = uniformTimes, coupling = independentCoupling } = options;
  if (model.source === standardNormal && coupling === independentCoupling && hasFlowPairs()) {
    const times = drawTimes(sampler, options.timesKey, { first, count });
    return { x0: { key: options.noiseKey, start: first * width }, x1: batch, times };
  }
  const { x0, times, x1Rows } = drawBatch(model, {
    ...options,
    ...{ count, width },
    get x1() {
      return options.x1 ?? batch.dataSync<"float32">();
    },
  });
  const x1 = x1Rows === null
    ? batch
    : tf.gather(batch, tf.tensor1d(Int32Array.from(x1Rows), "int32"));
  return { x0, x1, times };
}

/** The pairs of one piece of a batch. Call inside tf.tidy. */
export function piecePairs({ x0, x1, times }: DrawnPairs, { first, count }: Piece): DrawnPairs {
  const width = x1.shape[1];
  return {
    x0: x0 instanceof Float32Array
      ? x0.subarray(first * width, (first + count) * width)
      : { ...x0, start: x0.start + first * width },
    x1: tf.slice2d(x1, [first, 0], [count, -1]),
    times: times.subarray(first, first + count),
  };
}

/** Inputs and targets of the regression, [n, w] each. Call inside tf.tidy. */
export function regressionOf(
  { path }: Pick<FlowModel, "path">,
  { x0: noise, x1, times }: DrawnPairs,
): { x: Tensor2D; target: Tensor2D } {
  if (!(noise instanceof Float32Array)) {
    return flowPairs(x1, { ...noise, coefficients: coefficientRows(path, times) });
  }
  return tf.tidy(() => {
    const x0 = tf.tensor2d(noise, x1.shape);
    const { x, velocity } = pathSampleAndVelocity(path, { x0, x1, times });
    return { x, target: velocity };
  });
}

/** alpha, sigma, dAlpha and dSigma of each time, [n, 4]. */
function coefficientRows(path: FlowModel["path"], times: Float32Array): Float32Array<ArrayBuffer> {
  const column = () => new Float32Array(times.length);
  const columns = { alpha: column(), sigma: column(), dAlpha: column(), dSigma: column() };
  writeCoefficients(path, times, columns);
  const rows = new Float32Array(4 * times.length);
  Object.values(columns).forEach((values, k) => {
    values.forEach((value, row) => rows[4 * row + k] = value);
  });
  return rows;
}

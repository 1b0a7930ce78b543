import * as tf from "../../core/tfjs/library.ts";
import type { RandomKey } from "../../core/random/random.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { applyAtDeviceTimes, applyNetwork } from "../../nn/apply.ts";
import type { Network } from "../../nn/network.ts";
import { flowPairs, hasFlowPairs, timedFlowPairs } from "../../ops/flow_pairs/flow_pairs.ts";
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

/** Uniform times on the straight path that the backend draws too, for networks that take them from there. */
interface TimesToDraw {
  readonly key: RandomKey;
  /** Index of the first row's time. */
  readonly first: number;
  /** The path's. */
  readonly slope: number;
}

/** Pairs whose times the host has drawn. */
interface HostTimedPairs {
  readonly kind: "hostTimes";
  /** Draws of the source, [n * w]. */
  readonly x0: Float32Array | NoiseToDraw;
  /** Data, [n, w]. */
  readonly x1: Tensor2D;
  /** [n]. */
  readonly times: Float32Array;
}

/** Pairs whose times the backend draws. */
interface DeviceTimedPairs {
  readonly kind: "deviceTimes";
  readonly x0: NoiseToDraw;
  /** Data, [n, w]. */
  readonly x1: Tensor2D;
  readonly times: TimesToDraw;
}

/** Rows of a batch, each paired with a source draw and a time. */
export type DrawnPairs = HostTimedPairs | DeviceTimedPairs;

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
    const x0 = { key: options.noiseKey, start: first * width };
    const { network, path: { slope } } = model;
    if (sampler === uniformTimes && slope !== undefined && network.applyAtDeviceTimes) {
      const times = { key: options.timesKey, first, slope };
      return { kind: "deviceTimes", x0, x1: batch, times };
    }
    const times = drawTimes(sampler, options.timesKey, { first, count });
    return { kind: "hostTimes", x0, x1: batch, times };
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
  return { kind: "hostTimes", x0, x1, times };
}

/** The pairs of one piece of a batch. Call inside tf.tidy. */
export function piecePairs(pairs: DrawnPairs, { first, count }: Piece): DrawnPairs {
  const width = pairs.x1.shape[1];
  const x1 = tf.slice2d(pairs.x1, [first, 0], [count, -1]);
  const later = (x0: NoiseToDraw) => ({ ...x0, start: x0.start + first * width });
  if (pairs.kind === "deviceTimes") {
    const times = { ...pairs.times, first: pairs.times.first + first };
    return { kind: "deviceTimes", x0: later(pairs.x0), x1, times };
  }
  const { x0, times } = pairs;
  return {
    kind: "hostTimes",
    x0: x0 instanceof Float32Array
      ? x0.subarray(first * width, (first + count) * width)
      : later(x0),
    x1,
    times: times.subarray(first, first + count),
  };
}

/** What a network is regressed on. */
export interface RegressionPoints {
  /** Points on the path, [n, w]. */
  readonly x: Tensor2D;
  /** Their times, [n]; a tensor if only a GPU knows them. */
  readonly times: Float32Array | Tensor1D;
  /** Target velocities, [n, w]. */
  readonly target: Tensor2D;
}

/** Inputs and targets of the regression. Call inside tf.tidy. */
export function regressionOf(
  { path }: Pick<FlowModel, "path">,
  pairs: DrawnPairs,
): RegressionPoints {
  const { x1 } = pairs;
  if (pairs.kind === "deviceTimes") {
    const { x0, times: { slope, ...times } } = pairs;
    return timedFlowPairs(x1, { ...x0, times, slope });
  }
  const { x0: noise, times } = pairs;
  if (!(noise instanceof Float32Array)) {
    return { times, ...flowPairs(x1, { ...noise, coefficients: coefficientRows(path, times) }) };
  }
  return tf.tidy(() => {
    const x0 = tf.tensor2d(noise, x1.shape);
    const { x, velocity } = pathSampleAndVelocity(path, { x0, x1, times });
    return { x, times, target: velocity };
  });
}

/** A network's velocity at points of {@link regressionOf}, [n, w]. */
export function velocityAt(
  network: Network,
  parameters: readonly Tensor[],
  { x, times }: Pick<RegressionPoints, "x" | "times">,
): Tensor2D {
  return times instanceof tf.Tensor
    ? applyAtDeviceTimes(network, parameters, { x, t: times })
    : applyNetwork(network, parameters, x, { t: times });
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

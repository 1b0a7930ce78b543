import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { type Gpu, gpuOf, type PooledBuffer } from "../../../src/backends/gpu/mod.ts";
import { drawOnGpu } from "../../../src/backends/gpu/random/draw.ts";
import { webgpuName } from "../../../src/backends/webgpu_name.ts";
import { callerKey } from "../../../src/core/random/subsequences.ts";
import { packParameters } from "../../../src/ode/engines/gpu/packing.ts";
import { recordPullBack } from "../../../src/ode/engines/gpu/pull_back/record_pull_back.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { ADAM_STEP } from "../../../src/ops/adam/contract.ts";
import { CONV2D_PARAMETER_GRADIENT } from "../../../src/ops/convolution/convolution.ts";
import { FLOW_PAIRS, TIMED_FLOW_PAIRS } from "../../../src/ops/flow_pairs/flow_pairs.ts";
import { groupNormSiluKernels } from "../../../src/ops/group_norm_silu/name.ts";
import { meanSquaredErrorKernels } from "../../../src/ops/mean_squared_error/mean_squared_error.ts";
import { mlpLayout } from "../../../src/ops/mlp_field/contract.ts";
import { RELU_GRADIENT } from "../../../src/ops/relu_gradient/cpu.ts";
import { resampleKernels } from "../../../src/ops/resample/cpu.ts";
import { resnetBlockKernels } from "../../../src/ops/resnet_block/cpu.ts";
import { TIME_EMBEDDING } from "../../../src/ops/time_embedding/time_embedding.ts";
import { backendTest } from "../../support/backends.ts";

/** What a device may refuse while work is recorded. */
const refusable = ["upload", "scratch", "tensor", "copy", "copyInto", "clear", "record"] as const;

/** Calls `work` with a device whose call number `at` is refused; nothing is compiled. */
function refusing<T>(gpu: Gpu, at: number, work: () => T): T {
  const methods = gpu as unknown as Record<string, unknown>;
  let calls = 0;
  for (const name of refusable) {
    const method = gpu[name] as (...args: unknown[]) => unknown;
    methods[name] = (...args: unknown[]) => {
      if (calls++ === at) throw new RangeError(`refused: ${name}`);
      return name === "record" ? undefined : method.apply(gpu, args);
    };
  }
  methods["program"] = (source: unknown) => ({ source });
  try {
    return work();
  } finally {
    for (const name of [...refusable, "program"]) delete methods[name];
  }
}

/** Refuses every call of some work in turn: whatever it had is given back. Returns the number of calls. */
function requireReleases(gpu: Gpu, name: string, work: () => { release(): void }): number {
  // Tables that stay on the device are made now.
  refusing(gpu, Infinity, work).release();
  const held = () => ({ buffers: gpu.counts.used, tensors: tf.memory().numTensors });
  const before = held();
  for (let at = 0;; at++) {
    let done: { release(): void };
    try {
      done = refusing(gpu, at, work);
    } catch (error) {
      assert.match(String(error), /RangeError: refused/);
      assert.deepEqual(held(), before, `${name}: ${error}, call ${at}`);
      continue;
    }
    done.release();
    assert.deepEqual(held(), before, name);
    return at;
  }
}

backendTest("what throws while it is recorded keeps neither buffers nor tensors", [
  "webgpu",
], (backend) => {
  const gpu = gpuOf(backend);
  const made: tf.Tensor[] = [];
  const ones = (...shape: number[]) => {
    made.push(tf.ones(shape));
    return made.at(-1)!;
  };
  const images = ones(2, 4, 4, 4), filter = ones(3, 3, 4, 4), pixel = ones(1, 1, 4, 4);
  const [channel, perImage, rows, flat] = [ones(4), ones(2, 4), ones(6, 4), ones(64)];
  // So many pixels that a filter gradient is a sum of parts.
  const wide = ones(2, 16, 16, 4);
  const same = { strides: [1, 1], pad: "same", dataFormat: "NHWC", dilations: [1, 1] };
  const statistics = ones(2, 1), scalar = ones();
  const block = {
    ...{ x: images, filter1: pixel, bias1: perImage, filter2: filter, bias2: channel },
    ...{ filter3: pixel, bias3: channel },
  };
  const adam = { step: 0, lr: 1e-3, clip: 1, weightDecay: 0, averageDecay: 0.9 };
  const pairs = { key: callerKey(0), start: 0, coefficients: new Float32Array(24) };
  const timed = { key: callerKey(0), start: 0, times: { key: callerKey(1), first: 0 }, slope: 1 };
  const norm = { x: images, scale: channel, offset: channel };
  type Inputs = Record<string, tf.Tensor>;
  const calls: readonly (readonly [name: string, inputs: Inputs, attrs: object, least: number])[] =
    [
      [ADAM_STEP, { weights: flat, gradient: flat, m: flat, v: flat, average: flat }, adam, 8],
      [FLOW_PAIRS, { x1: rows }, pairs, 5],
      [TIMED_FLOW_PAIRS, { x1: rows }, timed, 5],
      [groupNormSiluKernels.value, norm, {}, 5],
      [
        groupNormSiluKernels.gradient,
        { ...norm, dy: images, mean: statistics, inverseStd: statistics },
        ...[{}, 9] as const,
      ],
      [meanSquaredErrorKernels.value, { a: rows, b: rows }, {}, 6],
      [meanSquaredErrorKernels.gradient, { a: rows, b: rows, dy: scalar }, {}, 3],
      [resampleKernels.sumOfFour, { x: images }, { scale: 1 }, 3],
      ["Conv2D", { x: images, filter }, same, 3],
      ["Conv2DBackpropFilter", { x: wide, dy: wide }, { ...same, filterShape: filter.shape }, 7],
      [CONV2D_PARAMETER_GRADIENT, { x: images, dy: images }, {
        ...same,
        filterShape: filter.shape,
      }, 7],
      [RELU_GRADIENT, { dy: images, y: images }, { perImage: false }, 4],
      [resnetBlockKernels.value, block, { relu: true, keep: false }, 9],
      [
        resnetBlockKernels.gradient,
        { ...block, dy: images, a1: images, a2: images, y: images },
        ...[{}, 30] as const,
      ],
      ["BatchMatMul", { a: rows, b: rows }, { transposeA: true, transposeB: false }, 3],
      ["Sum", { x: rows }, { axis: [0] }, 4],
      ["SplitV", { x: rows }, { numOrSizeSplits: [2, 4], axis: 0 }, 4],
      [TIME_EMBEDDING, { t: channel }, { width: 4 }, 3],
      ["Concat", { 0: rows, 1: rows } as Inputs, { axis: 0 }, 3],
      ["Concat", { 0: rows, 1: rows, 2: rows, 3: rows } as Inputs, { axis: 0 }, 3],
      ["SplitV", { x: rows }, { numOrSizeSplits: 6, axis: 0 }, 9],
    ];
  for (const [name, inputs, attrs, least] of calls) {
    const { kernelFunc } = tf.getKernel(name, webgpuName);
    const count = requireReleases(gpu, name, () => {
      const outputs = [kernelFunc({ inputs, attrs: attrs as tf.NamedAttrMap, backend })].flat();
      return { release: () => tf.dispose(outputs as tf.Tensor[]) };
    });
    assert.ok(count >= least, `${name}: ${count} calls`);
  }

  const shape = { dims: 2, hidden: 4 };
  const parameters = gpu.upload(new Float32Array(mlpLayout(shape).size));
  const weights = refusing(gpu, Infinity, () => packParameters(gpu, shape, parameters));
  const chunk = gpu.scratch(4 * 1000), cotangent = ones(3, 3) as tf.Tensor2D;
  const draw = { distribution: "gaussian", key: callerKey(0), start: 0, count: 8 } as const;
  const recordings: Record<string, () => PooledBuffer> = {
    filled: () => gpu.filled(Float32Array.of(1, 2)),
    draw: () => drawOnGpu(gpu, draw),
    pack: () => packParameters(gpu, shape, parameters),
  };
  for (const [name, work] of Object.entries(recordings)) requireReleases(gpu, name, work);
  requireReleases(gpu, "pull-back", () => {
    const { y0, parameters } = recordPullBack(gpu, {
      shape: { ...shape, trace: "exact", rows: 3, groupRows: 2, stages: 6, chunkSteps: 2 },
      ...{ tableau: dopri5, weights, chunks: [chunk, chunk], probes: null, cotangent },
    });
    return { release: () => tf.dispose([y0, parameters]) };
  });
  for (const buffer of [parameters, weights, chunk]) buffer.release();
  tf.dispose(made);
});

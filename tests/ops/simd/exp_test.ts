import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { groupNormSiluKernels } from "../../../src/ops/group_norm_silu/name.ts";
import { buildsTest, runKernel } from "../_builds.ts";

// The bounds are slightly above those measured at every float32, stated in exp.part.as.ts and
// group_norm_silu.as.ts; with relaxed SIMD that rounds twice, those of the plain build apply.

/** Step between the float32 numbers tested. */
const STRIDE = 4099;

/** float32 numbers around one: the 64 before it and the 64 after it. */
function around(x: number): Float32Array {
  const bits = new Uint32Array(Float32Array.of(x).buffer)[0]!;
  return new Float32Array(Uint32Array.from({ length: 129 }, (_, i) => bits + i - 64).buffer);
}

/**
 * Every 4099th float32 of both signs up to `end`, those around the worst cases found by an
 * exhaustive sweep, and the ends.
 */
function inputs({ end, worst }: { readonly end: number; readonly worst: readonly number[] }) {
  const count = Math.ceil((new Uint32Array(Float32Array.of(end).buffer)[0]! + 1) / STRIDE);
  const sizes = new Float32Array(Uint32Array.from({ length: count }, (_, i) => STRIDE * i).buffer);
  const values = [...sizes, ...sizes.map((x) => -x), ...worst.flatMap((x) => [...around(x)])];
  return Float32Array.from(values.concat(new Array(-values.length & 3).fill(1)));
}

/** Spacing of float32 numbers of this size. */
function ulp(value: number): number {
  const size = Math.abs(value);
  let exponent = Math.max(-126, Math.floor(Math.log2(size || 2 ** -126)));
  // The logarithm of a number just below a power of two may round up to that power's.
  if (exponent > -126 && size < 2 ** exponent) exponent--;
  return 2 ** (exponent - 23);
}

/** Largest errors against float64 for the inputs of `where`: in ulp, and absolute. */
function largestErrors(
  { x, y, exact }: {
    readonly x: Float32Array;
    readonly y: ArrayLike<number>;
    readonly exact: (x: number) => number;
  },
  where: (x: number) => boolean,
): { readonly ulps: number; readonly absolute: number } {
  let ulps = 0, absolute = 0;
  x.forEach((value, i) => {
    if (!where(value)) return;
    const expected = exact(value), error = Math.abs(y[i]! - expected);
    assert.ok(!Number.isNaN(error), `of ${value}: ${y[i]}`);
    ulps = Math.max(ulps, error / ulp(expected));
    absolute = Math.max(absolute, error);
  });
  return { ulps, absolute };
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

buildsTest("exp() is within 1.02 ulp wherever float32 has a result", () => {
  const x = inputs({ end: 105, worst: [-5.877884387969971, 70.4030990600586] }),
    input = tf.tensor1d(x),
    output = tf.exp(input);
  const result = { x, y: output.dataSync(), exact: Math.exp };
  const { ulps } = largestErrors(result, (x) => x > -103.97 && x < 88.72);
  assert.ok(ulps < 1.02, `${ulps} ulp`);
  tf.dispose([input, output]);
});

buildsTest("sigmoid() is within 3.2 ulp down to -87, and within 1.7e-38 below", () => {
  const x = inputs({ end: 3e38, worst: [-16.639686584472656, 7.859210968017578] });
  const input = tf.tensor1d(x), output = tf.sigmoid(input);
  const result = { x, y: output.dataSync(), exact: sigmoid };
  const { ulps } = largestErrors(result, (x) => x >= -87);
  assert.ok(ulps < 3.2, `${ulps} ulp`);
  const { absolute } = largestErrors(result, (x) => x < -87);
  assert.ok(absolute < 1.7e-38, `${absolute}`);
  tf.dispose([input, output]);
});

buildsTest("the SiLU is within 3.6 ulp down to -87, and within 1.7e-38 |x| below", () => {
  const offset = inputs({ end: 3e38, worst: [-16.68416404724121, 0.4110623002052307] });
  // One pixel with scale zero: the result is the SiLU of the offset.
  const zeros = tf.zeros([offset.length]);
  const pixel = tf.reshape(zeros, [1, 1, 1, offset.length]);
  const tensors = { x: pixel, scale: zeros, offset: tf.tensor1d(offset) };
  const outputs = runKernel(groupNormSiluKernels.value, tensors, {}) as unknown as tf.Tensor[];
  const result = {
    ...{ x: offset, y: outputs[0]!.dataSync() },
    exact: (x: number) => x * sigmoid(x),
  };
  const { ulps } = largestErrors(result, (x) => x >= -87);
  assert.ok(ulps < 3.6, `${ulps} ulp`);
  const relative = { ...result, y: Float64Array.from(result.y, (y, i) => y / offset[i]!) };
  const { absolute } = largestErrors({ ...relative, exact: sigmoid }, (x) => x < -87);
  assert.ok(absolute < 1.7e-38, `${absolute}`);
  tf.dispose([zeros, pixel, tensors.offset, ...outputs]);
});

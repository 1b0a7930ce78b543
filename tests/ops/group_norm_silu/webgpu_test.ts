import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { groupNormSilu } from "../../../src/ops/group_norm_silu/group_norm_silu.ts";
import { groupNormSiluKernels } from "../../../src/ops/group_norm_silu/name.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { gpuOf } from "../../../src/backends/gpu/mod.ts";
import { backendTest } from "../../support/backends.ts";

type Shape = [n: number, height: number, width: number, channels: number];

/** float64 inputs of both kernels; values of x are far from zero relative to their spread. */
function inputsOf([n, h, w, c]: Shape, hasShift: boolean) {
  const normal = (count: number, subsequence: number) =>
    fillNormal({ seed: 3, stream: 4, subsequence }, 0, new Float64Array(count));
  const rounded = (values: Float64Array) => Float64Array.from(Float32Array.from(values));
  const size = n * h * w * c;
  return {
    x: rounded(normal(size, 0).map((value, i) => 1.5 * value + (i % c) - 4)),
    scale: rounded(normal(c, 1).map((value) => 1 + 0.3 * value)),
    offset: rounded(normal(c, 2)),
    shift: hasShift ? rounded(normal(n * c, 3)) : new Float64Array(n * c),
    dy: rounded(normal(size, 4)),
  };
}

/** The definition and its VJP in float64. */
function definition(shape: Shape, { x, scale, offset, shift, dy }: ReturnType<typeof inputsOf>) {
  const [n, h, w, c] = shape, area = h * w;
  const out = {
    y: new Float64Array(x.length),
    dx: new Float64Array(x.length),
    dScale: new Float64Array(c),
    dOffset: new Float64Array(c),
    dShift: new Float64Array(n * c),
  };
  for (let image = 0; image < n; image++) {
    for (let group = 0; group < c; group += 4) {
      const at = Array.from(
        { length: 4 * area },
        (_, k) => (image * area + (k >> 2)) * c + group + k % 4,
      );
      const mean = (of: (i: number) => number) => at.reduce((sum, i) => sum + of(i), 0) / at.length;
      const u = (i: number) => x[i]! + shift[image * c + i % c]!;
      const centre = mean(u);
      const r = 1 / Math.sqrt(mean((i) => (u(i) - centre) ** 2) + 1e-5);
      const place = (i: number) => (u(i) - centre) * r;
      const z = (i: number) => scale[i % c]! * place(i) + offset[i % c]!;
      const sigmoid = (i: number) => 1 / (1 + Math.exp(-z(i)));
      const dz = (i: number) => dy[i]! * sigmoid(i) * (1 + z(i) * (1 - sigmoid(i)));
      const meanOfSums = mean((i) => scale[i % c]! * dz(i));
      const meanOfProducts = mean((i) => scale[i % c]! * dz(i) * place(i));
      for (const i of at) {
        out.y[i] = z(i) * sigmoid(i);
        out.dx[i] = r * (scale[i % c]! * dz(i) - meanOfSums - place(i) * meanOfProducts);
        out.dScale[i % c]! += dz(i) * place(i);
        out.dOffset[i % c]! += dz(i);
        out.dShift[image * c + i % c]! += out.dx[i]!;
      }
    }
  }
  return out;
}

/** Runs both kernels; the results in the order of {@link definition}'s. */
async function results(shape: Shape, given: ReturnType<typeof inputsOf>, hasShift: boolean) {
  const [n, , , c] = shape;
  const tensor = (values: Float64Array, shape: number[]) =>
    tf.tensor(Float32Array.from(values), shape);
  const inputs = {
    x: tensor(given.x, shape),
    scale: tensor(given.scale, [c]),
    offset: tensor(given.offset, [c]),
    ...(hasShift ? { shift: tensor(given.shift, [n, c]) } : {}),
  };
  const dy = tensor(given.dy, shape);
  const { value, gradient } = groupNormSiluKernels;
  const [y, mean, inverseStd] = tf.engine().runKernel(value, inputs) as tf.Tensor[];
  const statistics = { mean: mean!, inverseStd: inverseStd! };
  const gradients = tf.engine().runKernel(gradient, { ...inputs, ...statistics, dy });
  const tensors = [y!, ...gradients as tf.Tensor[]];
  const values = await Promise.all(tensors.map((tensor) => tensor.data()));
  tf.dispose([...tensors, ...Object.values(statistics), ...Object.values(inputs), dy]);
  return values;
}

// Edges of the shaders: 64 pixels in turn, four groups per workgroup, 16 images and channels per sum.
const shapes: readonly Shape[] = [[1, 1, 1, 4], [17, 1, 2, 20], [2, 13, 5, 16], [3, 7, 19, 36]];

backendTest("group norm's shaders agree with the definition in float64", ["webgpu"], async () => {
  for (const shape of shapes) {
    for (const hasShift of [true, false]) {
      const given = inputsOf(shape, hasShift);
      const expected = definition(shape, given);
      const found = await results(shape, given, hasShift);
      for (const [i, [name, values]] of Object.entries(expected).entries()) {
        let error = 0;
        // A group of four numbers has spreads down to 0.3, which multiplies rounding errors of x.
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
        values.forEach((value, k) => error = Math.max(error, Math.abs(value - found[i]![k]!)));
        assert.ok(error < 4e-6 * largest, `${name} of [${shape}]: ${error} of ${largest}`);
      }
    }
  }
});

backendTest("group norm on a GPU refuses images that its shaders do not take", ["webgpu"], () => {
  const x = tf.ones<tf.Rank.R4>([1, 1025, 1024, 4]), ones = tf.ones<tf.Rank.R1>([4]);
  assert.throws(() => groupNormSilu(x, { scale: ones, offset: ones, shift: null }), {
    name: "FailureError",
    message: "group norm on the GPU takes images of at most 1048576 pixels, and these have " +
      '1025 x 1024; use `backend: "cpu"`',
  });
  tf.dispose([x, ones]);
});

backendTest("group norm's shaders give the same bits again", ["webgpu"], async (backend) => {
  const shape: Shape = [3, 7, 19, 36];
  const given = inputsOf(shape, true);
  const first = await results(shape, given, true);
  const { dispatches, buffers } = gpuOf(backend).counts;
  assert.deepEqual(await results(shape, given, true), first);
  const after = gpuOf(backend).counts;
  assert.equal(after.dispatches - dispatches, 3);
  assert.equal(after.buffers, buffers);
});

backendTest("group norm's shaders are finite at large inputs", ["webgpu"], async () => {
  const shape: Shape = [2, 3, 3, 8];
  const given = inputsOf(shape, true);
  for (const factor of [1e10, 1e18, 1e30]) {
    const large = { ...given, x: given.x.map((value) => value * factor) };
    const steep = { ...given, scale: given.scale.map((value) => value * factor / 1e2) };
    for (const inputs of [large, steep]) {
      const found = await results(shape, inputs, true);
      assert.ok(found.every((values) => values.every(Number.isFinite)), `${factor}`);
    }
  }
});

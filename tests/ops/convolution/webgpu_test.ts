import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import {
  pixelParts,
  recordFilterGradient,
  recordGather,
} from "../../../src/backends/gpu/convolution/products.ts";
import { type Gpu, gpuOf } from "../../../src/backends/gpu/gpu.ts";
import { RESIDUAL_CONV2D } from "../../../src/ops/convolution/conv2d.ts";
import { CONV2D_PARAMETER_GRADIENT } from "../../../src/ops/convolution/convolution.ts";
import { geometryOf } from "../../../src/ops/convolution/geometry.ts";
import {
  fewChannelsTile,
  gpuTile,
  narrowTile,
  softwareTile,
  type TileChoice,
} from "../../../src/ops/convolution/gpu/tile_wgsl.ts";
import { RELU_GRADIENT } from "../../../src/ops/relu_gradient/cpu.ts";
import { backendTest } from "../../support/backends.ts";
import { errorOf, numbers, runKernel as run } from "../_builds.ts";
import { attributes, type Case, definition } from "./_definition.ts";

// float32 with at most a few thousand terms per sum.
const TOLERANCE = 3e-6;

const sameSize = (input: Case["input"], kernel: number, columns: number): Case => ({
  input,
  filter: [kernel, kernel, input[3], columns],
  ...{ stride: 1, pad: "same" },
});

/** Odd sizes, one pixel, edges of tiles of 32 and 64, channels around steps of 16, both paddings and strides. */
const cases: readonly Case[] = [
  { input: [1, 1, 1, 1], filter: [1, 1, 1, 1], stride: 1, pad: "same" },
  sameSize([2, 7, 5, 1], 3, 8),
  sameSize([1, 9, 7, 20], 3, 36),
  sameSize([3, 5, 11, 16], 1, 64),
  sameSize([2, 3, 5, 7], 3, 13),
  sameSize([1, 13, 5, 64], 3, 1),
  sameSize([1, 8, 8, 32], 3, 32),
  sameSize([5, 17, 19, 2], 3, 3), // several parts of pixels
  { input: [2, 7, 6, 4], filter: [3, 3, 4, 8], stride: 2, pad: "same" },
  { input: [2, 8, 9, 3], filter: [2, 3, 3, 4], stride: 2, pad: "valid" },
  { input: [1, 11, 5, 5], filter: [5, 2, 5, 3], stride: 1, pad: "valid" },
];

const dispatchesOf = async (gpu: Gpu, work: () => Promise<void>) => {
  const { dispatches } = gpu.counts;
  await work();
  return gpu.counts.dispatches - dispatches;
};

backendTest(
  "convolutions on a GPU and their gradients agree with the definition",
  ["webgpu"],
  async (backend) => {
    const count = await dispatchesOf(gpuOf(backend), async () => {
      for (const given of cases) {
        const { x, filterValues, dy, dyShape, y, dx, dw } = definition(given);
        const images = tf.tensor4d(x, given.input),
          filter = tf.tensor4d(filterValues, given.filter);
        const cotangent = tf.tensor4d(dy, dyShape);
        const attrs = {
          ...attributes(given),
          ...{ dilations: 1, inputShape: given.input, filterShape: given.filter },
        };
        const dBias = new Float64Array(given.filter[3]);
        dy.forEach((value, i) => dBias[i % dBias.length]! += value);
        const [dFilter, sums] = tf.engine().runKernel(
          CONV2D_PARAMETER_GRADIENT,
          { x: images, dy: cotangent },
          attrs as unknown as tf.NamedAttrMap,
        ) as tf.Tensor[];
        const results = [
          [run("Conv2D", { x: images, filter }, attrs), y, dyShape],
          [run("Conv2DBackpropInput", { dy: cotangent, filter }, attrs), dx, given.input],
          [run("Conv2DBackpropFilter", { x: images, dy: cotangent }, attrs), dw, given.filter],
          [dFilter!, dw, given.filter],
          [sums!, dBias, [dBias.length]],
        ] as const;
        for (const [i, [result, expected, shape]] of results.entries()) {
          assert.deepEqual(result.shape, shape);
          const error = errorOf(await result.data(), expected);
          assert.ok(error < TOLERANCE, `${JSON.stringify(given)}, result ${i}: ${error}`);
        }
        tf.dispose([images, filter, cotangent, results.map(([result]) => result)]);
      }
    });
    // All by our kernels. A dispatch adds a filter gradient's parts and finds the bias's sums among them; it is not
    // needed where there is one part alone.
    const cut = cases.filter((given) => {
      const { dyShape: [n, h, w, cout] } = definition(given), [kh, kw, cin] = given.filter;
      return pixelParts(n * h * w, kh * kw * cin, cout).parts > 1;
    });
    assert.ok(cut.length > 0 && cut.length < cases.length);
    assert.equal(count, 5 * cases.length + cut.length);
  },
);

backendTest(
  "a convolution on a GPU adds bias and residual, then applies ReLU, and keeps NaN",
  ["webgpu"],
  async (backend) => {
    const given = sameSize([3, 5, 3, 6], 3, 8), columns = 8;
    const { x, filterValues, y, dyShape } = definition(given);
    const geometry = geometryOf("test", given.input, given.filter, attributes(given) as never);
    for (const perImage of [false, true]) {
      const offsets = numbers(perImage ? 3 * columns : columns, 0.4),
        added = numbers(y.length, 1.9);
      added[11] = NaN;
      const inputs = {
        x: tf.tensor4d(x, given.input),
        filter: tf.tensor4d(filterValues, given.filter),
        bias: tf.tensor(offsets, perImage ? [3, columns] : [columns]),
        residual: tf.tensor4d(added, dyShape),
      };
      const expected = y.map((value, i) => {
        const image = perImage ? Math.floor(i / (5 * 3 * columns)) : 0;
        return Math.max(0, value + offsets[image * columns + i % columns]! + added[i]!);
      });
      const gpu = gpuOf(backend);
      const attrs = { ...attributes(given), dilations: 1, activation: "relu" };
      const outs = [run(RESIDUAL_CONV2D, inputs, attrs), gpu.tensor(dyShape)];
      const { x: source, filter, bias, residual } = inputs;
      // A shader of its own for this epilogue, as on GPUs.
      recordGather({ gpu, tiles: () => ({ ...softwareTile, hasVariants: true }) }, {
        ...{ kind: "values", geometry, source, filter, out: outs[1]! },
        epilogue: { bias, residual, activation: "relu" },
      });
      for (const out of outs) {
        const values = await out.data();
        assert.ok(Number.isNaN(values[11]));
        values[11] = expected[11] = 0;
        assert.ok(errorOf(values, expected) < TOLERANCE);
      }
      tf.dispose([...Object.values(inputs), ...outs]);
    }
  },
);

backendTest("the gradient of ReLU on a GPU has the sums of its bias", ["webgpu"], async () => {
  // The second has more parts than a thread adds at once, the third images whose sums have parts.
  for (const shape of [[3, 13, 11, 66], [1, 97, 83, 1], [2, 513, 512, 3]] as const) {
    const [n, h, w, c] = shape, image = h * w * c;
    // Whole numbers have exact sums.
    const dy = numbers(n * image, 0.1).map((value) => Math.round(100 * value));
    const y = numbers(n * image, 0.2);
    const inputs = { dy: tf.tensor4d(dy, [...shape]), y: tf.tensor4d(y, [...shape]) };
    const expected = Float64Array.from(dy, (value, i) => y[i]! > 0 ? value : 0);
    for (const perImage of [false, true]) {
      const [dx, sums] = tf.engine().runKernel(RELU_GRADIENT, inputs, { perImage }) as tf.Tensor[];
      const total = new Float64Array(perImage ? n * c : c);
      expected.forEach((value, i) =>
        total[(perImage ? Math.floor(i / image) * c : 0) + i % c]! += value
      );
      assert.equal(errorOf(await dx!.data(), expected), 0);
      assert.deepEqual(await sums!.data(), Float32Array.from(total));
      tf.dispose([dx!, sums!]);
    }
    tf.dispose(inputs);
  }
});

/** The bits of a convolution, its input gradient and its filter gradient, with one choice of tiles. */
async function bitsOf(gpu: Gpu, tiles: TileChoice, given: Case): Promise<Float32Array[]> {
  const { x, filterValues, dy, dyShape } = definition(given);
  const geometry = geometryOf("test", given.input, given.filter, attributes(given) as never);
  const images = tf.tensor4d(x, given.input), filter = tf.tensor4d(filterValues, given.filter);
  const cotangent = tf.tensor4d(dy, dyShape);
  const outputs = [gpu.tensor(dyShape), gpu.tensor(given.input), gpu.tensor(given.filter)];
  const [y, dx, dFilter] = outputs;
  const dBias = gpu.tensor([given.filter[3]]);
  const device = { gpu, tiles };
  recordGather(device, { kind: "values", geometry, source: images, filter, out: y! });
  recordGather(device, {
    ...{ kind: "inputGradient", geometry, source: cotangent, filter, out: dx! },
  });
  recordFilterGradient(device, { geometry, x: images, dy: cotangent, dFilter: dFilter!, dBias });
  const all = [...outputs, dBias];
  const values = await Promise.all(all.map((tensor) => tensor.data<"float32">()));
  tf.dispose([images, filter, cotangent, ...all]);
  return values.map((value) => Float32Array.from(value));
}

backendTest(
  "products on a GPU have the same bits on repetition and with every tile",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const tiles = [softwareTile, { ...softwareTile, hasVariants: true }];
    const given: readonly Case[] = [
      sameSize([2, 13, 11, 20], 3, 12),
      sameSize([3, 2, 5, 36], 1, 20),
      { input: [2, 8, 9, 8], filter: [5, 2, 8, 4], stride: 2, pad: "valid" },
      // Few channels: one, with rows of the filter in two steps; more taps than bits; a stride.
      sameSize([2, 9, 7, 1], 5, 8),
      sameSize([1, 6, 9, 3], 7, 5),
      { input: [1, 9, 8, 3], filter: [3, 3, 3, 5], stride: 2, pad: "valid" },
    ];
    for (const one of given) {
      const expected = await bitsOf(gpu, () => softwareTile, one);
      const { y, dx, dw } = definition(one);
      [y, dx, dw].forEach((values, i) => assert.ok(errorOf(expected[i]!, values) < TOLERANCE));
      for (const tile of tiles) assert.deepEqual(await bitsOf(gpu, () => tile, one), expected);
    }
  },
);

backendTest(
  "the tiles for GPUs have the bits of the one for software adapters",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const given = sameSize([1, 9, 9, 4], 3, 68);
    const { x, filterValues, dyShape } = definition(given);
    const geometry = geometryOf("test", given.input, given.filter, attributes(given) as never);
    const images = tf.tensor4d(x, given.input), filter = tf.tensor4d(filterValues, given.filter);
    const results = [softwareTile, gpuTile, narrowTile, fewChannelsTile].map((tile) => {
      const out = gpu.tensor(dyShape);
      recordGather({ gpu, tiles: () => tile }, {
        kind: "values",
        geometry,
        source: images,
        filter,
        out,
      });
      return out;
    });
    const [expected, ...bits] = await Promise.all(results.map((tensor) => tensor.data()));
    for (const values of bits) assert.deepEqual(values, expected);
    tf.dispose([images, filter, ...results]);
  },
);

backendTest(
  "convolutions that our shaders do not take are tfjs's own",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const x = tf.tensor4d(numbers(2 * 9 * 8 * 3, 0.2), [2, 9, 8, 3]);
    const filter = tf.tensor4d(numbers(3 * 3 * 3 * 4, 0.3), [3, 3, 3, 4]);
    const count = await dispatchesOf(gpu, async () => {
      const outs = [
        tf.conv2d(x, filter, 3, "valid"),
        tf.conv2d(x, filter, [1, 2], "valid"),
        tf.conv2d(x, filter, 1, "valid", "NHWC", 2),
        tf.fused.conv2d({ x, filter, strides: 1, pad: "same", activation: "elu" }),
      ];
      assert.deepEqual(outs.map(({ shape }) => shape), [
        [2, 3, 2, 4],
        [2, 7, 3, 4],
        [2, 5, 4, 4],
        [2, 9, 8, 4],
      ]);
      for (const out of outs) assert.ok((await out.data()).every(Number.isFinite));
      tf.dispose(outs);
    });
    assert.equal(count, 0);
    tf.dispose([x, filter]);
  },
);

backendTest(
  "Fluxion's convolutions that our shaders do not take are range errors",
  ["webgpu"],
  (backend) => {
    const gpu = gpuOf(backend), { used } = gpu.counts, { numTensors } = tf.memory();
    const x = tf.zeros<tf.Rank.R4>([1, 6, 6, 2]), filter = tf.zeros<tf.Rank.R4>([3, 3, 2, 4]);
    const dy = tf.zeros<tf.Rank.R4>([1, 4, 2, 4]);
    const attrs = {
      ...{ strides: [1, 2], pad: "valid", dataFormat: "NHWC", dilations: 1 },
      ...{ filterShape: filter.shape, activation: "linear" },
    } as unknown as tf.NamedAttrMap;
    const run = (name: string, inputs: tf.NamedTensorMap) => () =>
      tf.engine().runKernel(name, inputs, attrs);
    assert.throws(run(RESIDUAL_CONV2D, { x, filter, residual: dy }), {
      name: "RangeError",
      message: "FluxionConv2D: the GPU's shaders do not take x float32 [1,6,6,2], " +
        "filter float32 [3,3,2,4], residual float32 [1,4,2,4]",
    });
    assert.throws(run(CONV2D_PARAMETER_GRADIENT, { x, dy }), {
      name: "RangeError",
      message: "FluxionConv2DParameterGrad: the GPU's shaders do not take " +
        "x float32 [1,6,6,2], dy float32 [1,4,2,4]",
    });
    tf.dispose([x, filter, dy]);
    assert.equal(gpu.counts.used, used);
    assert.equal(tf.memory().numTensors, numTensors);
  },
);

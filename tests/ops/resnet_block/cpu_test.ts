import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { resnetBlockKernels } from "../../../src/ops/resnet_block/cpu.ts";
import { buildsTest, errorOf, numbers } from "../_builds.ts";

interface Case {
  readonly n: number;
  readonly h: number;
  readonly w: number;
  readonly c: number;
  readonly relu: boolean;
}

const sides = { h: fc.integer({ min: 1, max: 9 }), w: fc.integer({ min: 1, max: 9 }) };
const cases: fc.Arbitrary<Case> = fc.oneof(
  fc.record({
    n: fc.integer({ min: 1, max: 4 }),
    ...sides,
    c: fc.constantFrom(8, 12, 20),
    relu: fc.boolean(),
  }),
  // Several images per portion.
  fc.record({ n: fc.constantFrom(9, 17), ...sides, c: fc.constant(8), relu: fc.boolean() }),
);

/** Relative to the largest value; sums over thousands of pixels, and Winograd's errors. */
const TOLERANCE = 5e-6;

function operands({ n, h, w, c }: Case) {
  const pixels = n * h * w * c;
  return {
    x: numbers(pixels, 0.1),
    filter1: numbers(c * c, 0.2).map((v) => v / Math.sqrt(c)),
    bias1: numbers(n * c, 0.3),
    filter2: numbers(9 * c * c, 0.4).map((v) => v / Math.sqrt(9 * c)),
    bias2: numbers(c, 0.5),
    filter3: numbers(c * c, 0.6).map((v) => v / Math.sqrt(c)),
    bias3: numbers(c, 0.7),
    dy: numbers(pixels, 0.8),
  };
}

type Numbers = Float32Array | Float64Array;

/**
 * Calls `use(output pixel, input pixel, tap)` for all products of a same-size k x k convolution.
 */
function forEachTap(
  { n, h, w }: Case,
  k: number,
  use: (to: number, from: number, tap: number) => void,
) {
  const before = (k - 1) / 2;
  for (let image = 0; image < n; image++) {
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        for (let tap = 0; tap < k * k; tap++) {
          const row = y + Math.floor(tap / k) - before, column = x + tap % k - before;
          if (row < 0 || row >= h || column < 0 || column >= w) continue;
          use((image * h + y) * w + x, (image * h + row) * w + column, tap);
        }
      }
    }
  }
}

/** The convolution with a bias [c] or [n, c], in float64. */
function convolution(
  at: Case,
  k: number,
  x: Numbers,
  filter: Numbers,
  bias: Numbers,
): Float64Array {
  const { n, h, w, c } = at;
  const perImage = bias.length === n * c && n > 1 ? c : 0;
  const y = Float64Array.from(
    x,
    (_, i) => bias[Math.floor(i / (h * w * c)) * perImage + i % c]!,
  );
  forEachTap(at, k, (to, from, tap) => {
    for (let i = 0; i < c; i++) {
      const value = x[from * c + i]!, row = (tap * c + i) * c;
      for (let o = 0; o < c; o++) y[to * c + o]! += value * filter[row + o]!;
    }
  });
  return y;
}

/** Cotangents of the convolution's input, filter and bias, in float64. */
function pullBack(at: Case, k: number, x: Numbers, filter: Numbers, dy: Numbers) {
  const { n, h, w, c } = at;
  const dx = new Float64Array(x.length), dFilter = new Float64Array(filter.length);
  forEachTap(at, k, (to, from, tap) => {
    for (let i = 0; i < c; i++) {
      const row = (tap * c + i) * c, value = x[from * c + i]!;
      let sum = 0;
      for (let o = 0; o < c; o++) {
        const d = dy[to * c + o]!;
        sum += filter[row + o]! * d;
        dFilter[row + o]! += value * d;
      }
      dx[from * c + i]! += sum;
    }
  });
  const perImage = new Float64Array(n * c), bias = new Float64Array(c);
  dy.forEach((d, i) => {
    perImage[Math.floor(i / (h * w * c)) * c + i % c]! += d;
    bias[i % c]! += d;
  });
  return { dx, dFilter, perImage, bias };
}

const relu = (x: Float64Array) => x.map((v) => Math.max(0, v));
/** From the kernel's own activations, since rounding decides the sign of numbers near zero. */
const masked = (d: Numbers, y: Numbers) => Float64Array.from(d, (v, i) => y[i]! > 0 ? v : 0);

/** Runs the block and its VJP; returns the values of tensors by name. */
function run(at: Case): Record<string, Float32Array> {
  const { n, h, w, c } = at;
  const shapes: Record<string, number[]> = {
    ...{ x: [n, h, w, c], dy: [n, h, w, c], bias1: [n, c], bias2: [c], bias3: [c] },
    ...{ filter1: [1, 1, c, c], filter2: [3, 3, c, c], filter3: [1, 1, c, c] },
  };
  return tf.tidy(() => {
    const { dy, ...inputs } = Object.fromEntries(
      Object.entries(operands(at)).map((
        [name, values],
      ) => [name, tf.tensor(values, shapes[name]!)]),
    ) as tf.NamedTensorMap;
    const { value, gradient } = resnetBlockKernels;
    const kernel = (name: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap) =>
      tf.engine().runKernel(name, inputs, attrs) as unknown as tf.Tensor[];
    const [y, a1, a2] = kernel(value, inputs, { relu: at.relu, keep: true });
    const [alone] = kernel(value, inputs, { relu: at.relu, keep: false });
    const { x, filter1, filter2, filter3 } = inputs;
    const forGradient = { dy, x, filter1, filter2, filter3, a1, a2, ...(at.relu && { y }) };
    const [dx, d1, db1, d2, db2, d3, db3] = kernel(
      gradient,
      forGradient as tf.NamedTensorMap,
      {},
    );
    const results = { y, a1, a2, alone, dx, d1, db1, d2, db2, d3, db3 };
    return Object.fromEntries(
      Object.entries(results).map(([name, tensor]) => [name, tensor!.dataSync() as Float32Array]),
    );
  });
}

buildsTest("resnetBlock kernels and their VJPs agree with float64", () => {
  fc.assert(
    fc.property(cases, (at) => {
      const { x, filter1, bias1, filter2, bias2, filter3, bias3, dy } = operands(at);
      const actual = run(at);
      const a1 = relu(convolution(at, 1, x, filter1, bias1));
      const a2 = relu(convolution(at, 3, a1, filter2, bias2));
      const sum = convolution(at, 1, a2, filter3, bias3).map((v, i) => v + x[i]!);
      const y = at.relu ? relu(sum) : sum;
      const dSum = at.relu ? masked(dy, actual.y!) : Float64Array.from(dy);
      const third = pullBack(at, 1, a2, filter3, dSum);
      const second = pullBack(at, 3, a1, filter2, masked(third.dx, actual.a2!));
      const first = pullBack(at, 1, x, filter1, masked(second.dx, actual.a1!));
      const expected: Record<string, Float64Array> = {
        ...{ y, a1, a2, alone: y, dx: first.dx.map((v, i) => v + dSum[i]!) },
        ...{ d1: first.dFilter, db1: first.perImage, d2: second.dFilter, db2: second.bias },
        ...{ d3: third.dFilter, db3: third.bias },
      };
      for (const [name, values] of Object.entries(expected)) {
        const error = errorOf(actual[name]!, values);
        assert.ok(error <= TOLERANCE, `${name}: ${error}`);
      }
      assert.deepEqual(actual.alone, actual.y);
    }),
    { numRuns: 25 },
  );
});

buildsTest("resnetBlock kernels refuse an empty batch", () => {
  assert.throws(
    () => run({ n: 0, h: 3, w: 3, c: 8, relu: false }),
    /^RangeError: FluxionResnetBlock: expected images, got \[0,3,3,8\]$/,
  );
});

Deno.test("resnetBlock kernels have the same bits on any number of threads", async () => {
  const at = { n: 13, h: 28, w: 28, c: 32, relu: true };
  const results: Record<string, Float32Array>[] = [];
  for (const threads of [1, 2, 3]) {
    await openBackend("cpu", { threads });
    results.push(run(at));
  }
  await openBackend("cpu");
  for (const result of results) assert.deepEqual(result, results[0]);
});

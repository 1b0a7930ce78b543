import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { RESIDUAL_CONV2D } from "../../../src/ops/convolution/conv2d.ts";
import { buildsTest, errorOf, numbers, runKernel as run } from "../_builds.ts";
import { attributes, type Case, definition } from "./_definition.ts";

/** Cases for Winograd: same-size 3x3 with channels in multiples of 4. */
const winogradCases: fc.Arbitrary<Case> = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  h: fc.integer({ min: 1, max: 11 }),
  w: fc.integer({ min: 1, max: 11 }),
  cin: fc.constantFrom(8, 12, 20, 32),
  cout: fc.constantFrom(8, 12, 20, 32),
}).map(({ n, h, w, cin, cout }) => ({
  input: [n, h, w, cin],
  filter: [3, 3, cin, cout],
  stride: 1,
  pad: "same",
}));

/** Cases computed as a matrix product. */
const pointwiseCases: fc.Arbitrary<Case> = fc.tuple(
  ...[3, 9, 9, 19, 19].map((max) => fc.integer({ min: 1, max })),
).map(([n, h, w, cin, cout]) => ({
  input: [n!, h!, w!, cin!],
  filter: [1, 1, cin!, cout!],
  stride: 1,
  pad: "valid",
}));

/** Any convolution whose filter fits into its image, odd and even filters, strides 1 to 3. */
const anyCases: fc.Arbitrary<Case> = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  kh: fc.integer({ min: 1, max: 5 }),
  kw: fc.integer({ min: 1, max: 4 }),
  extraHeight: fc.integer({ min: 0, max: 5 }),
  extraWidth: fc.integer({ min: 0, max: 5 }),
  cin: fc.integer({ min: 1, max: 11 }),
  cout: fc.integer({ min: 1, max: 11 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom("same" as const, "valid" as const),
}).map((c) => ({
  input: [c.n, c.kh + c.extraHeight, c.kw + c.extraWidth, c.cin],
  filter: [c.kh, c.kw, c.cin, c.cout],
  stride: c.stride,
  pad: c.pad,
}));

/** 3x3 to or from one channel: the first and last layers of an image network. */
const planeCases: fc.Arbitrary<Case> = fc.record({
  ...{ n: fc.integer({ min: 1, max: 3 }), toOne: fc.boolean() },
  h: fc.integer({ min: 3, max: 9 }),
  w: fc.integer({ min: 3, max: 9 }),
  c: fc.integer({ min: 4, max: 11 }),
  pad: fc.constantFrom("same" as const, "valid" as const),
}).map(({ n, toOne, h, w, c, pad }) => ({
  input: [n, h, w, toOne ? c : 1],
  filter: toOne ? [3, 3, c, 1] : [3, 3, 1, c],
  stride: 1,
  pad,
}));

const cases = fc.oneof(winogradCases, pointwiseCases, planeCases, anyCases);

// float32 with at most a few hundred terms per sum; Winograd's errors are about 1e-6.
const TOLERANCE = 3e-6;

buildsTest("Conv2D agrees with the definition of convolution", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { x, filterValues, y, dyShape } = definition(given);
      const inputs = {
        x: tf.tensor4d(x, given.input),
        filter: tf.tensor4d(filterValues, given.filter),
      };
      const out = run("Conv2D", inputs, { ...attributes(given), dilations: 1 });
      assert.deepEqual(out.shape, dyShape);
      assert.ok(errorOf(out.dataSync(), y) < TOLERANCE);
      tf.dispose([inputs.x, inputs.filter, out]);
    }),
    { numRuns: 200 },
  );
});

buildsTest("FusedConv2D adds the bias and applies ReLU", () => {
  fc.assert(
    fc.property(cases, fc.constantFrom("linear", "relu"), (given, activation) => {
      const { x, filterValues, y } = definition(given);
      const cout = given.filter[3], offsets = numbers(cout, 0.4);
      const inputs = {
        x: tf.tensor4d(x, given.input),
        filter: tf.tensor4d(filterValues, given.filter),
        bias: tf.tensor1d(offsets),
      };
      const out = run("FusedConv2D", inputs, { ...attributes(given), dilations: 1, activation });
      const expected = y.map((value, i) => value + offsets[i % cout]!)
        .map((value) => activation === "relu" ? Math.max(0, value) : value);
      assert.ok(errorOf(out.dataSync(), expected) < TOLERANCE);
      tf.dispose([inputs.x, inputs.filter, inputs.bias, out]);
    }),
    { numRuns: 100 },
  );
});

buildsTest("FluxionConv2D adds a bias per image and a residual before the activation", () => {
  fc.assert(
    fc.property(
      cases,
      fc.constantFrom("linear", "relu"),
      fc.boolean(),
      fc.boolean(),
      (given, activation, perImage, withResidual) => {
        const { x, filterValues, y, dyShape } = definition(given);
        const [n, h, w, cout] = dyShape;
        const offsets = numbers(perImage ? n * cout : cout, 0.4), added = numbers(y.length, 1.9);
        const inputs = {
          x: tf.tensor4d(x, given.input),
          filter: tf.tensor4d(filterValues, given.filter),
          bias: tf.tensor(offsets, perImage ? [n, cout] : [cout]),
          ...(withResidual ? { residual: tf.tensor4d(added, dyShape) } : {}),
        };
        const attrs = { ...attributes(given), dilations: 1, activation };
        const out = run(RESIDUAL_CONV2D, inputs, attrs);
        const expected = y.map((value, i) => {
          const image = perImage ? Math.floor(i / (h * w * cout)) : 0;
          return value + offsets[image * cout + i % cout]! + (withResidual ? added[i]! : 0);
        }).map((value) => activation === "relu" ? Math.max(0, value) : value);
        assert.ok(errorOf(out.dataSync(), expected) < TOLERANCE);
        tf.dispose([...Object.values(inputs), out]);
      },
    ),
    { numRuns: 150 },
  );
});

buildsTest("Conv2D agrees with tfjs's own kernel", (backendName) => {
  fc.assert(
    // tfjs errs where "same" padding with a stride adds no zero: a 1x2 filter, stride 2, on 2x2.
    fc.property(cases.filter(({ stride, pad }) => stride === 1 || pad === "valid"), (given) => {
      const { x, filterValues } = definition(given);
      const inputs = {
        x: tf.tensor4d(x, given.input),
        filter: tf.tensor4d(filterValues, given.filter),
      };
      const [ours, theirs] = [backendName, "wasm"].map((name) => {
        const attrs = { ...attributes(given), dilations: 1 };
        const call = { inputs, attrs, backend: tf.backend() };
        const { kernelFunc } = tf.getKernel("Conv2D", name)!;
        const out = tf.engine().makeTensorFromTensorInfo(
          kernelFunc(call as never) as tf.TensorInfo,
        );
        const values = out.dataSync();
        out.dispose();
        return values;
      });
      assert.ok(errorOf(ours!, theirs!) < TOLERANCE);
      tf.dispose([inputs.x, inputs.filter]);
    }),
    { numRuns: 50 },
  );
});

buildsTest("Conv2DBackpropFilter is the filter gradient of the convolution", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { x, dy, dyShape, dw } = definition(given);
      const inputs = { x: tf.tensor4d(x, given.input), dy: tf.tensor4d(dy, dyShape) };
      const attrs = { ...attributes(given), filterShape: given.filter };
      const out = run("Conv2DBackpropFilter", inputs, attrs);
      assert.deepEqual(out.shape, given.filter);
      assert.ok(errorOf(out.dataSync(), dw) < TOLERANCE);
      tf.dispose([inputs.x, inputs.dy, out]);
    }),
    { numRuns: 200 },
  );
});

buildsTest("Conv2DBackpropInput is the input gradient of the convolution", () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { filterValues, dy, dyShape, dx } = definition(given);
      const inputs = {
        dy: tf.tensor4d(dy, dyShape),
        filter: tf.tensor4d(filterValues, given.filter),
      };
      const attrs = { ...attributes(given), inputShape: given.input };
      const out = run("Conv2DBackpropInput", inputs, attrs);
      assert.deepEqual(out.shape, given.input);
      assert.ok(errorOf(out.dataSync(), dx) < TOLERANCE);
      tf.dispose([inputs.dy, inputs.filter, out]);
    }),
    { numRuns: 200 },
  );
});

// More than one block: 42 Winograd tiles at 32 channels, 510 unfolded pixels at few.
for (
  const given of [
    { input: [3, 20, 21, 32], filter: [3, 3, 32, 32], stride: 1, pad: "same" },
    { input: [5, 21, 20, 8], filter: [5, 5, 8, 9], stride: 2, pad: "same" },
  ] as const satisfies readonly unknown[]
) {
  buildsTest(`convolutions of ${given.input} with ${given.filter} sum over many blocks`, () => {
    const of = given as unknown as Case;
    const { x, filterValues, dy, dyShape, y, dx, dw } = definition(of);
    tf.tidy(() => {
      const [images, filter] = [tf.tensor4d(x, of.input), tf.tensor4d(filterValues, of.filter)];
      const cotangent = tf.tensor4d(dy, dyShape);
      const attrs = {
        ...attributes(of),
        dilations: 1,
        inputShape: of.input,
        filterShape: of.filter,
      };
      const results = [
        [run("Conv2D", { x: images, filter }, attrs), y],
        [run("Conv2DBackpropInput", { dy: cotangent, filter }, attrs), dx],
        [run("Conv2DBackpropFilter", { x: images, dy: cotangent }, attrs), dw],
      ] as const;
      for (const [result, expected] of results) {
        assert.ok(errorOf(result.dataSync(), expected) < TOLERANCE);
      }
    });
  });
}

// The ODE engine splits batches of control groups arbitrarily and guarantees the same bits.
buildsTest("Conv2D of a part of a batch has the same bits", () => {
  fc.assert(
    fc.property(cases, fc.nat(2), (given, start) => {
      const [n, h, w, cin] = given.input;
      const first = start % n, row = h * w * cin;
      const { x, filterValues } = definition(given);
      tf.tidy(() => {
        const filter = tf.tensor4d(filterValues, given.filter);
        const convolve = (images: tf.Tensor4D) =>
          tf.conv2d(images, filter, given.stride, given.pad).dataSync();
        const whole = convolve(tf.tensor4d(x, given.input));
        const part = convolve(tf.tensor4d(x.slice(first * row), [n - first, h, w, cin]));
        assert.deepEqual(part, whole.slice(first * whole.length / n));
      });
    }),
    { numRuns: 100 },
  );
});

buildsTest("Conv2D propagates NaN to the outputs that depend on it", () => {
  for (const filterShape of [[3, 3, 8, 8], [1, 1, 8, 8], [5, 5, 8, 8]] as const) {
    const values = numbers(20 * 20 * 8, 0.1);
    values[0] = NaN;
    const x = tf.tensor4d(values, [1, 20, 20, 8]);
    const filter = tf.ones([...filterShape]) as tf.Tensor4D;
    const y = tf.fused.conv2d({ x, filter, strides: 1, pad: "same", activation: "relu" });
    const out = y.dataSync();
    assert.ok(Number.isNaN(out[0]), `${filterShape}`);
    assert.ok(Number.isFinite(out.at(-1)!), `${filterShape}`);
    tf.dispose([x, filter, y]);
  }
});

buildsTest("conv2d() has gradients that agree with finite differences", () => {
  for (const filterShape of [[3, 3, 8, 8], [1, 1, 8, 3], [3, 3, 8, 2]] as const) {
    tf.tidy(() => {
      const x = tf.tensor4d(numbers(5 * 4 * 8, 0.3), [1, 5, 4, 8]);
      const size = tf.util.sizeFromShape([...filterShape]);
      const w = tf.tensor4d(numbers(size, 1), [...filterShape]);
      const weights = tf.tensor(numbers(20 * filterShape[3], 2), [1, 5, 4, filterShape[3]]);
      const loss = (x: tf.Tensor, w: tf.Tensor) =>
        tf.sum(tf.mul(
          tf.square(tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, "same")),
          weights,
        ));
      const gradients = tf.grads(loss)([x, w]);
      [x, w].forEach((from, which) => {
        const values = from.dataSync();
        for (let i = 0; i < values.length; i += 7) {
          const at = (offset: number) => {
            const moved = values.slice();
            moved[i]! += offset;
            const tensor = tf.tensor(moved, from.shape);
            return (which === 0 ? loss(tensor, w) : loss(x, tensor)).dataSync()[0]!;
          };
          // Exact for a quadratic, except for rounding of the loss.
          const numeric = (at(0.25) - at(-0.25)) / 0.5;
          const analytic = gradients[which]!.dataSync()[i]!;
          assert.ok(Math.abs(numeric - analytic) < 2e-3, `${numeric}, ${analytic}`);
        }
      });
    });
  }
});

buildsTest("the convolutions refuse unsupported arguments", () => {
  const dy = tf.zeros([1, 6, 6, 1]), filter = tf.zeros([1, 1, 1, 1]);
  const attrs = { strides: 1, dimRoundingMode: undefined, inputShape: [1, 4, 4, 1] };
  assert.throws(
    () => run("Conv2DBackpropInput", { dy, filter }, { ...attrs, pad: 1, dataFormat: "NHWC" }),
    /padding 1 is wider than the 1x1 filter/,
  );
  assert.throws(
    () => run("Conv2DBackpropInput", { dy, filter }, { ...attrs, pad: 0, dataFormat: "NCHW" }),
    /expected NHWC images, got NCHW/,
  );
  const none = tf.zeros([0, 4, 4, 1]);
  assert.throws(
    () =>
      run("Conv2D", { x: none, filter }, { ...attrs, pad: 0, dataFormat: "NHWC", dilations: 1 }),
    /Conv2D: expected images and a filter that fits into them, got \[0,4,4,1\]/,
  );
  tf.dispose([dy, filter, none]);
});

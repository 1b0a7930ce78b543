import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { openBackend } from "../../../src/runtime/backend.ts";
import { backendTest } from "../../support/backends.ts";

type Shape4D = [number, number, number, number];
interface Case {
  readonly input: Shape4D;
  readonly filter: Shape4D;
  readonly stride: number;
  readonly pad: "same" | "valid";
}

/** Any convolution whose filter fits into its image, odd and even filters, strides 1 to 3. */
const cases: fc.Arbitrary<Case> = fc.record({
  n: fc.integer({ min: 1, max: 3 }),
  kh: fc.integer({ min: 1, max: 5 }),
  kw: fc.integer({ min: 1, max: 4 }),
  extraHeight: fc.integer({ min: 0, max: 5 }),
  extraWidth: fc.integer({ min: 0, max: 5 }),
  cin: fc.integer({ min: 1, max: 5 }),
  cout: fc.integer({ min: 1, max: 5 }),
  stride: fc.integer({ min: 1, max: 3 }),
  pad: fc.constantFrom("same" as const, "valid" as const),
}).map((c) => ({
  input: [c.n, c.kh + c.extraHeight, c.kw + c.extraWidth, c.cin],
  filter: [c.kh, c.kw, c.cin, c.cout],
  stride: c.stride,
  pad: c.pad,
}));

/** Numbers that differ from place to place, the same every time. */
function numbers(count: number, phase: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(1.7 * i + phase));
}

/**
 * The gradients of sum(dy * conv(x, w)) for x and w by the definition of the convolution, in
 * float64: each product x w dy is visited once. Padding "same" as TensorFlow documents it:
 * output ceil(size / stride), the odd zero below and to the right.
 */
function gradients({ input, filter, stride, pad }: Case) {
  const [n, h, w, cin] = input, [kh, kw, , cout] = filter;
  const along = (size: number, kernel: number) => {
    const out = pad === "same"
      ? Math.ceil(size / stride)
      : Math.floor((size - kernel) / stride) + 1;
    const padding = pad === "same" ? Math.max(0, (out - 1) * stride + kernel - size) : 0;
    return { out, before: Math.floor(padding / 2) };
  };
  const rows = along(h, kh), columns = along(w, kw);
  const x = numbers(n * h * w * cin, 0.3), filterValues = numbers(kh * kw * cin * cout, 1.1);
  const dyShape: Shape4D = [n, rows.out, columns.out, cout];
  const dy = numbers(n * rows.out * columns.out * cout, 2.2);
  const dx = new Float64Array(x.length), dw = new Float64Array(filterValues.length);
  for (let image = 0; image < n; image++) {
    for (let oy = 0; oy < rows.out; oy++) {
      for (let ox = 0; ox < columns.out; ox++) {
        for (let i = 0; i < kh; i++) {
          for (let j = 0; j < kw; j++) {
            const y = oy * stride + i - rows.before, xx = ox * stride + j - columns.before;
            if (y < 0 || y >= h || xx < 0 || xx >= w) continue;
            for (let c = 0; c < cin; c++) {
              for (let o = 0; o < cout; o++) {
                const at = ((image * h + y) * w + xx) * cin + c;
                const tap = ((i * kw + j) * cin + c) * cout + o;
                const out = ((image * rows.out + oy) * columns.out + ox) * cout + o;
                dx[at]! += filterValues[tap]! * dy[out]!;
                dw[tap]! += x[at]! * dy[out]!;
              }
            }
          }
        }
      }
    }
  }
  return { x, filterValues, dy, dyShape, dx, dw };
}

function assertClose(actual: ArrayLike<number>, expected: Float64Array, what: string): void {
  const scale = Math.max(1, ...expected.map(Math.abs));
  for (let i = 0; i < expected.length; i++) {
    // float32 with at most a few hundred terms a sum
    assert.ok(
      Math.abs(actual[i]! - expected[i]!) <= 1e-5 * scale,
      `${what}[${i}]: ${actual[i]}, expected ${expected[i]}`,
    );
  }
}

function attributes({ stride, pad }: Case) {
  return { strides: [stride, stride], pad, dataFormat: "NHWC", dimRoundingMode: undefined };
}

function run(name: string, inputs: tf.NamedTensorMap, attrs: object): tf.Tensor {
  return tf.engine().runKernel(name, inputs, attrs as unknown as tf.NamedAttrMap) as tf.Tensor;
}

backendTest("Conv2DBackpropFilter is the convolution's gradient", ["cpu"], () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { x, dy, dyShape, dw } = gradients(given);
      const inputs = { x: tf.tensor4d(x, given.input), dy: tf.tensor4d(dy, dyShape) };
      const attrs = { ...attributes(given), filterShape: given.filter };
      const out = run("Conv2DBackpropFilter", inputs, attrs);
      assert.deepEqual(out.shape, given.filter);
      assertClose(out.dataSync(), dw, "dw");
      tf.dispose([inputs.x, inputs.dy, out]);
    }),
    { numRuns: 200 },
  );
});

backendTest("Conv2DBackpropInput is the convolution's gradient", ["cpu"], () => {
  fc.assert(
    fc.property(cases, (given) => {
      const { filterValues, dy, dyShape, dx } = gradients(given);
      const inputs = {
        dy: tf.tensor4d(dy, dyShape),
        filter: tf.tensor4d(filterValues, given.filter),
      };
      const attrs = { ...attributes(given), inputShape: given.input };
      const out = run("Conv2DBackpropInput", inputs, attrs);
      assert.deepEqual(out.shape, given.input);
      assertClose(out.dataSync(), dx, "dx");
      tf.dispose([inputs.dy, inputs.filter, out]);
    }),
    { numRuns: 200 },
  );
});

backendTest("Conv2DBackpropFilter adds up many unfolded blocks", ["cpu"], () => {
  // 9 taps * 8 channels * 20 columns * 16 images = 23,040 numbers a row: 11 rows a block, so two.
  const given: Case = { input: [16, 20, 20, 8], filter: [3, 3, 8, 8], stride: 1, pad: "same" };
  const { x, dy, dyShape, dw } = gradients(given);
  const inputs = { x: tf.tensor4d(x, given.input), dy: tf.tensor4d(dy, dyShape) };
  const out = run("Conv2DBackpropFilter", inputs, {
    ...attributes(given),
    filterShape: given.filter,
  });
  assertClose(out.dataSync(), dw, "dw");
  tf.dispose([inputs.x, inputs.dy, out]);
});

Deno.test("the convolution's gradients refuse what they cannot do", async () => {
  await openBackend("cpu");
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
  tf.dispose([dy, filter]);
});

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { openBackend } from "../../src/backends/open_backend.ts";
import { RESIDUAL_CONV2D } from "../../src/ops/convolution/conv2d.ts";
import { RELU_GRADIENT } from "../../src/ops/relu_gradient/cpu.ts";
import { resampleKernels } from "../../src/ops/resample/cpu.ts";
import { ranges } from "../../src/threads/ranges.ts";
import { deno, root } from "../../tools/bundle.ts";
import { numbers, runKernel as run } from "./_builds.ts";

type Shape = readonly number[];

function tensor(shape: Shape, phase: number): tf.Tensor {
  return tf.tensor(numbers(tf.util.sizeFromShape([...shape]), phase), [...shape]);
}

/** Asserts that 1, 2 and 3 threads compute the same bits, however the work is distributed. */
async function assertSameBits(compute: () => tf.Tensor[]): Promise<void> {
  const results: Uint32Array[][] = [];
  for (const threads of [1, 2, 3, 2]) {
    await openBackend("cpu", { threads });
    const tensors = tf.tidy(compute);
    results.push(tensors.map((t) => new Uint32Array(t.dataSync().slice().buffer)));
    tf.dispose(tensors);
  }
  for (const result of results) assert.deepEqual(result, results[0]);
}

/** Sizes that are usually large enough for several threads, and some primes. */
const image = fc.record({
  n: fc.constantFrom(1, 2, 7, 13),
  h: fc.constantFrom(13, 28, 31),
  w: fc.constantFrom(14, 29),
  cin: fc.constantFrom(3, 8, 32),
  cout: fc.constantFrom(2, 7, 24, 32),
  kernel: fc.constantFrom(1, 3, 3, 4),
  stride: fc.constantFrom(1, 1, 2),
});

Deno.test("convolutions and their gradients have the same bits on any number of threads", async () => {
  await fc.assert(
    fc.asyncProperty(image, async ({ n, h, w, cin, cout, kernel, stride }) => {
      const attrs = { strides: [stride, stride], pad: "same", dataFormat: "NHWC", dilations: 1 };
      const filterShape = [kernel, kernel, cin, cout];
      const [oh, ow] = [Math.ceil(h / stride), Math.ceil(w / stride)];
      await assertSameBits(() => {
        const x = tensor([n, h, w, cin], 1), dy = tensor([n, oh, ow, cout], 2);
        const filter = tensor(filterShape, 3), residual = tensor(dy.shape, 4);
        const bias = tensor([n, cout], 5), one = tensor([cout], 6);
        return [
          run("Conv2D", { x, filter }, attrs),
          run("FusedConv2D", { x, filter, bias: one }, { ...attrs, activation: "relu" }),
          run(RESIDUAL_CONV2D, { x, filter, bias, residual }, { ...attrs, activation: "relu" }),
          run("Conv2DBackpropFilter", { x, dy }, { ...attrs, filterShape }),
          run("Conv2DBackpropInput", { dy, filter }, { ...attrs, inputShape: x.shape }),
        ];
      });
    }),
    { numRuns: 12 },
  );
});

Deno.test("products, sums and passes have the same bits on any number of threads", async () => {
  const size = fc.constantFrom(1, 7, 64, 211, 521);
  await fc.assert(
    fc.asyncProperty(fc.boolean(), fc.boolean(), size, size, size, async (ta, tb, m, n, k) => {
      await assertSameBits(() => {
        const a = tensor(ta ? [k, m] : [m, k], 1), b = tensor(tb ? [n, k] : [k, n], 2);
        const y = tf.matMul(a, b, ta, tb);
        return [
          y,
          tf.add(y, tf.neg(y)),
          ...[0, 1].map((axis) => tf.sum(y, axis)),
          ...[tf.mean(y), tf.exp(y), tf.sigmoid(y), tf.concat([y, y], 1), tf.slice(y, [0, n >> 1])],
        ] as tf.Tensor[];
      });
    }),
    { numRuns: 20 },
  );
  await assertSameBits(() => {
    const many = tensor([3_000_017], 7), rows = tensor([50_021, 37], 8);
    const a = tensor([5, 131, 127], 9), b = tensor([5, 127, 67], 10);
    return [tf.sum(many), tf.mean(rows, 0), tf.sum(rows, 1), tf.matMul(a, b), tf.exp(many)];
  });
});

Deno.test("a ReLU's gradient and resampling have the same bits on any number of threads", async () => {
  for (const [n, c] of [[1, 5], [7, 32], [64, 32]] as const) {
    await assertSameBits(() => {
      const dy = tensor([n, 28, 26, c], 1), y = tensor([n, 28, 26, c], 2);
      const x = tensor([n, 28, 26, 4], 3);
      return [
        ...[false, true].flatMap((perImage) =>
          run(RELU_GRADIENT, { dy, y }, { perImage }) as unknown as tf.Tensor[]
        ),
        ...Object.values(resampleKernels).map((name) => run(name, { x }, { scale: 0.3 })),
      ];
    });
  }
});

Deno.test("GroupNormSilu and its gradient have the same bits on any number of threads", async () => {
  for (const n of [1, 5, 17]) {
    await assertSameBits(() => {
      const [x, dy] = [tensor([n, 28, 23, 32], 1), tensor([n, 28, 23, 32], 2)];
      const [scale, offset, shift] = [tensor([32], 3), tensor([32], 4), tensor([n, 32], 5)];
      const inputs = { x, scale, offset, shift };
      const results = run("GroupNormSilu", inputs, {}) as unknown as tf.Tensor[];
      const [, mean, inverseStd] = results as [tf.Tensor, tf.Tensor, tf.Tensor];
      const gradients = run("GroupNormSiluGrad", { ...inputs, dy, mean, inverseStd }, {});
      return [...results, ...gradients as unknown as tf.Tensor[]];
    });
  }
});

Deno.test("workers can access tensors beyond tfjs's initial memory", async () => {
  await openBackend("cpu", { threads: 1 });
  const held = Array.from({ length: 40 }, (_, i) => tf.fill([64, 28, 28, 32], i));
  await assertSameBits(() => [tf.exp(tf.div(held[39]!, 40)), tf.sum(held[38]!, [0, 1, 2])]);
  const [sum] = tf.tidy(() => tf.sum(held[39]!)).dataSync();
  assert.equal(sum, 39 * 64 * 28 * 28 * 32);
  tf.dispose(held);
});

Deno.test("ranges() cover everything once, in order", () => {
  const whole = fc.integer({ min: 1, max: 1000 });
  fc.assert(fc.property(whole, whole, fc.integer({ min: 1, max: 70 }), (count, pieces, unit) => {
    const cut = ranges(count, pieces, unit);
    assert.ok(cut.length <= pieces);
    let end = 0;
    for (const { first, count } of cut) {
      assert.equal(first, end);
      assert.equal(first % unit, 0);
      assert.ok(count > 0);
      end += count;
    }
    assert.equal(end, count);
  }));
});

/** Output of a separate program, for tests of how the backend starts or ends. */
async function printedBy(program: string): Promise<string> {
  const { success, stdout, stderr } = await deno([
    ...["eval", "-q"],
    `import { openBackend } from "${root}/src/backends/open_backend.ts";
     import * as tf from "@tensorflow/tfjs";
     ${program}`,
  ]);
  assert.ok(success, stderr);
  return stdout;
}

Deno.test("a program with workers exits by itself", async () => {
  const printed = await printedBy(`
    await openBackend("cpu", { threads: 3 });
    for (let i = 0; i < 20; i++) tf.matMul(tf.ones([500, 500]), tf.ones([500, 500])).dataSync();
    console.log(tf.matMul(tf.ones([500, 500]), tf.ones([500, 500])).dataSync()[7]);`);
  assert.equal(printed, "500");
});

Deno.test("without room for a shared memory, one thread computes the same", async () => {
  const compute = `
    await openBackend("cpu", { threads: 3 });
    const { memory } = tf.backend().wasm.asm;
    const x = tf.sin(tf.range(0, 250_000));
    const sums = tf.sum(tf.matMul(tf.reshape(x, [500, 500]), tf.reshape(x, [500, 500])), 0);
    console.log(memory.buffer instanceof SharedArrayBuffer, (await sums.data()).join());`;
  const without = await printedBy(`
    WebAssembly.Memory = class extends WebAssembly.Memory {
      constructor(limits) {
        if (limits.shared) throw new RangeError("could not allocate memory");
        super(limits);
      }
    };
    ${compute}`);
  const usual = await printedBy(compute);
  assert.match(without, /^false /);
  assert.equal(usual, without.replace("false", "true"));
});

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { gpuOf } from "../../../../src/backends/gpu/gpu.ts";
import { backendTest } from "../../../support/backends.ts";
import { countGpuCalls } from "../../../support/gpu_calls.ts";

const numbers = (tensor: tf.Tensor) => tensor.data().then((values) => [...values]);

backendTest(
  "Gpu.logged() keeps commands that read what is there then, and what the host wrote for them",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const x = gpu.tensor<tf.Tensor1D>([4]), out = gpu.tensor<tf.Tensor1D>([4]);
    const set = (values: number[]) => {
      using from = gpu.upload(Float32Array.from(values));
      gpu.copy(from, 0, x);
    };
    set([1, 2, 3, 4]);
    const { used } = gpu.counts, { numTensors } = tf.memory();
    const logged = gpu.logged(() =>
      tf.tidy(() => {
        const constant = tf.tensor1d([10, 20, 30, 40]);
        const sum = tf.add(x, constant);
        constant.dispose();
        // Must not take the constant's buffer: it would be read there the next time.
        const square = tf.square(sum);
        using shift = gpu.upload(Float32Array.of(1, 1, 1, 1));
        const passing = gpu.scratch(16);
        gpu.clear(passing);
        passing.release();
        // Within the work buffers are used again: only others get none.
        using kept = gpu.scratch(16);
        assert.equal(kept.buffer, passing.buffer);
        gpu.copy(shift, 0, kept);
        const one = gpu.tensor<tf.Tensor1D>([4]);
        gpu.copy(kept, 0, one);
        gpu.copy(tf.add(square, one), 0, out);
      })
    )!;
    const shot = async () => {
      const copy = tf.mul(out, 1);
      return await numbers(copy).finally(() => copy.dispose());
    };
    assert.deepEqual(await shot(), [122, 485, 1090, 1937]);
    // Others take buffers of the same sizes meanwhile, and keep them.
    const others = Array.from({ length: 6 }, (_, i) => tf.tensor1d([i, i, i, i]));
    const results = others.map((other) => tf.add(other, other));
    const scratch = [
      gpu.filled(Float32Array.of(7, 7, 7, 7)),
      gpu.upload(Float32Array.of(8, 8, 8, 8)),
    ];
    gpu.submit();
    for (const value of [5, 6]) {
      set([value, value, value, value]);
      const counter = countGpuCalls();
      logged.record();
      const { buffers, dispatches, submits, writes } = counter.calls();
      counter.stop();
      assert.deepEqual([buffers, dispatches, submits, writes], [0, logged.dispatches, 0, 0]);
      const expected = [10, 20, 30, 40].map((constant) => (value + constant) ** 2 + 1);
      assert.deepEqual(await shot(), expected);
    }
    assert.deepEqual(await numbers(results[3]!), [6, 6, 6, 6]);
    assert.deepEqual([...new Float32Array(await gpu.read(scratch[0]!))], [7, 7, 7, 7]);
    for (const buffer of scratch) buffer.release();
    tf.dispose([...others, ...results]);
    logged.dispose();
    assert.deepEqual([gpu.counts.used, tf.memory().numTensors], [used, numTensors]);
    // What it had is there for others after the next submit.
    const again = () => tf.tidy(() => tf.square(tf.add(x, tf.tensor1d([1, 2, 3, 4]))));
    const first = again();
    await first.data();
    const counter = countGpuCalls();
    const second = again();
    assert.equal(counter.calls().buffers, 0);
    counter.stop();
    tf.dispose([x, out, first, second]);
  },
);

backendTest(
  "Gpu.logged() keeps no commands that were submitted, or of work that throws",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const x = tf.tensor1d([1, 2, 3]);
    const { used } = gpu.counts, { numTensors } = tf.memory();
    const results: tf.Tensor[] = [];
    const work = () => {
      using _ = gpu.scratch(16);
      results.push(tf.square(x));
    };
    assert.equal(
      gpu.logged(() => {
        work();
        gpu.submit();
      }),
      null,
    );
    assert.throws(() =>
      gpu.logged(() => {
        work();
        throw new RangeError("no");
      }), /no/);
    for (const result of results) assert.deepEqual(await numbers(result), [1, 4, 9]);
    tf.dispose(results);
    assert.deepEqual([gpu.counts.used, tf.memory().numTensors], [used, numTensors]);
    x.dispose();
  },
);

backendTest(
  "Gpu.logged(): commands that were recorded again run before their buffers are given to others",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const x = tf.tensor1d([1, 2, 3, 4]);
    const results = Array.from({ length: 4 }, () => gpu.tensor<tf.Tensor1D>([4]));
    const logged = gpu.logged(() => {
      for (const result of results) gpu.copy(x, 0, result);
    })!;
    gpu.submit();
    logged.record();
    // As when something throws before the submit.
    logged.dispose();
    tf.dispose(results);
    // They take the buffers, as do the copies.
    const later = Array.from({ length: 4 }, () => tf.tensor1d([5, 6, 7, 8]));
    const copies = later.map((one) => tf.mul(one, 1));
    for (const copy of copies) assert.deepEqual(await numbers(copy), [5, 6, 7, 8]);
    const counter = countGpuCalls();
    logged.dispose();
    assert.equal(counter.calls().submits, 0);
    counter.stop();
    tf.dispose([x, later, copies]);
  },
);

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { openBackend } from "../../src/backends/open_backend.ts";
import { resnetBlockKernels } from "../../src/ops/resnet_block/cpu.ts";
import { FailureError, OutOfMemoryError } from "../../src/core/errors.ts";
import { addressOf, type WasmBackend } from "../../src/threads/wasm.ts";
import { allocate, free, withHeapLeft } from "../support/heap.ts";

await openBackend("cpu", { threads: 1 });

/** What an allocation throws, if it does. */
function failureOf(allocation: () => unknown): OutOfMemoryError | null {
  try {
    allocation();
    return null;
  } catch (error) {
    assert.ok(error instanceof OutOfMemoryError && error instanceof FailureError);
    return error;
  }
}

Deno.test("guardHeap(): what does not fit throws, and leaves the memory as it was", () => {
  // The last one wraps to 4 bytes in 32 bits.
  for (const bytes of [2 ** 31 - 4, 2 ** 31, 2 ** 32, 2 ** 32 + 4]) {
    const failure = failureOf(() => allocate(bytes));
    assert.equal(failure?.bytes, bytes);
    assert.match(failure!.message, /^backend cpu: no memory for \d\.\d GiB more; .*2\.0 GiB/);
  }
  free(allocate(1.9 * 2 ** 30));
});

Deno.test("guardHeap(): tensors begin on cache lines, and their memory is used again", () => {
  const backend = tf.backend() as unknown as WasmBackend;
  const tensors = Array.from({ length: 40 }, (_, i) => backend.makeOutput([1 + 3 * i], "float32"));
  assert.deepEqual(tensors.filter((tensor) => addressOf(backend, tensor) % 64 !== 0), []);
  for (const { dataId } of tensors) backend.disposeData(dataId);
  for (let i = 0; i < 9; i++) free(allocate(2 ** 28));
});

Deno.test("guardHeap(): a tensor of values that does not fit throws", () => {
  withHeapLeft(2 ** 20, () => {
    const before = tf.memory();
    assert.throws(() => tf.tensor1d(new Float32Array(2 ** 19)), OutOfMemoryError);
    assert.deepEqual(tf.memory(), before);
  });
});

Deno.test("guardHeap(): with all memory taken, a kernel of tfjs's C++ computes or throws", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => Math.sin(i));
  const x = tf.tensor2d(values, [10, 100]);
  const results = () =>
    tf.tidy(() =>
      [tf.transpose(x), tf.tanh(x), tf.mul(x, x), tf.pad(x, [[1, 1], [1, 1]]), tf.tile(x, [2, 2])]
        .map((tensor) => [...tensor.dataSync()])
    );
  const expected = results();
  withHeapLeft(2 ** 20, () => assert.deepEqual(results(), expected));
  withHeapLeft(64, () => {
    const before = tf.memory();
    assert.throws(results, OutOfMemoryError);
    assert.deepEqual(tf.memory(), before);
  });
  x.dispose();
});

Deno.test("a kernel whose third output finds no memory gives the other two back", () => {
  const bytes = 2 ** 24;
  const x = tf.zeros([1, 256, 2048, 8]), bias = tf.zeros([8]), pointwise = tf.zeros([1, 1, 8, 8]);
  const inputs = {
    ...{ x, filter1: pointwise, filter2: tf.zeros([3, 3, 8, 8]), filter3: pointwise },
    ...{ bias1: tf.zeros([1, 8]), bias2: bias, bias3: bias },
  };
  const block = () =>
    tf.engine().runKernel(resnetBlockKernels.value, inputs, { relu: true, keep: true });
  const before = tf.memory();
  for (let round = 0; round < 2; round++) {
    withHeapLeft(2.5 * bytes, () => {
      assert.throws(block, OutOfMemoryError);
      assert.deepEqual(tf.memory(), before);
      // What the tensors took is there again.
      free(allocate(2.4 * bytes));
    });
  }
  tf.dispose(inputs);
});

Deno.test("guardHeap(): without checks of bounds the memory keeps its size too", async () => {
  const script = new URL("_fill_heap.ts", import.meta.url).pathname;
  const root = new URL("../..", import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command("deno", {
    args: [
      ...["run", "-q", "--frozen", "--allow-read", `--config=${root}deno.json`],
      ...["--v8-flags=--no-wasm-bounds-checks", script],
    ],
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const expected = /^2147483648: backend cpu: no memory for 32\.0 MiB more/;
  assert.match(text(stdout), expected, text(stderr));
});

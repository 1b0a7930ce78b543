import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "../../../src/backends/backend.ts";
import { type Gpu, gpuOf } from "../../../src/backends/gpu/gpu.ts";
import type { ProgramSource } from "../../../src/backends/gpu/programs.ts";
import { workgroupVariables } from "../../../src/backends/gpu/programs.ts";
import { TfjsWebgpu } from "../../../src/backends/gpu/tfjs_webgpu.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { gridMain } from "../../../src/ops/wgsl/grid.ts";
import { backendTest } from "../../support/backends.ts";

/** y += factor x, a workgroup per 64 numbers. */
const addProgram: ProgramSource = {
  name: "test",
  code: `
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read> factor: array<f32>;
${gridMain(64)}
  let i = 64u * workgroup + lid;
  if (i < arrayLength(&y)) { y[i] += factor[0] * x[i]; }
}`,
  bindings: ["read", "readWrite", "read"],
  threads: 64,
  workgroupBytes: 0,
};

/** Records y += factor x. */
function add(gpu: Gpu, x: tf.Tensor, y: tf.Tensor, factor: number): void {
  const uploaded = gpu.upload(Float32Array.of(factor));
  gpu.record(gpu.program(addProgram), [x, y, uploaded], Math.ceil(y.size / 64));
  uploaded.release();
}

backendTest("Gpu.record() runs in order with tfjs's operations", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  assert.equal(gpuOf(backend), gpu);
  const size = 1000;
  const one = tf.fill([size], 1), sum = tf.tensor1d(new Float32Array(size).fill(10));
  const two = tf.add(one, 1);
  add(gpu, two, sum, 2); // 14
  two.dispose();
  const tripled = tf.mul(sum, 3); // 42
  // Two uploads before a submit do not take each other's place.
  add(gpu, tripled, sum, 1);
  add(gpu, tripled, sum, -0.5);
  // tfjs keeps what it has read: a copy shows what is in the buffer now.
  const copy = tf.add(sum, 0);
  assert.deepEqual([...new Set(await tripled.data())], [42]);
  assert.deepEqual([...new Set(await copy.data())], [35]);
  tf.dispose([one, sum, tripled, copy]);
});

backendTest(
  "Gpu.tensor() is written by a program and belongs to tfjs",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const { used } = gpu.counts;
    const numbers = gpu.upload(Float32Array.of(1, 2, 3, 4, 5, 6));
    const out = gpu.tensor<tf.Tensor2D>([2, 2]);
    gpu.copy(numbers, 8, out);
    numbers.release();
    const doubled = tf.mul(out, 2);
    assert.deepEqual(doubled.shape, [2, 2]);
    assert.deepEqual([...await doubled.data()], [6, 8, 10, 12]);
    tf.dispose([out, doubled]);
    assert.equal(gpu.counts.used, used);
  },
);

backendTest(
  "Gpu.read() gives what is in a buffer when it is called",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const work = async () => {
      const buffer = gpu.scratch(400);
      gpu.clear(buffer);
      const zeros = gpu.read(buffer);
      buffer.release();
      const again = gpu.upload(Uint32Array.from({ length: 100 }, (_, i) => i));
      const numbers = gpu.read(again);
      again.release();
      assert.ok(new Uint32Array(await zeros).every((word) => word === 0));
      assert.equal(new Uint32Array(await numbers)[99], 99);
    };
    await work();
    await work();
    const { buffers, used, programs } = gpu.counts;
    for (let i = 0; i < 20; i++) await work();
    assert.deepEqual(gpu.counts, { ...gpu.counts, buffers, used, programs });
  },
);

/** Lets a method of all GPU buffers fail once. */
function failOnce(name: "mapAsync" | "getMappedRange"): void {
  const { prototype } = GPUBuffer;
  const method = Object.getOwnPropertyDescriptor(prototype, name)!;
  const fail = () => {
    Object.defineProperty(prototype, name, method);
    throw new RangeError("no memory for the copy");
  };
  Object.defineProperty(prototype, name, { ...method, value: fail });
}

backendTest("a read that fails gives its buffer back unmapped", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  const { bufferManager } = tf.backend() as unknown as {
    readonly bufferManager: { getNumUsedBuffers(): number };
  };
  const buffer = gpu.upload(Float32Array.of(1, 2));
  const x = tf.tidy(() => tf.add(tf.tensor1d([3, 4]), 1));
  // Disposed tensors give their buffers back at a submit.
  gpu.submit();
  const { used } = gpu.counts, ofTfjs = bufferManager.getNumUsedBuffers();
  for (const name of ["mapAsync", "getMappedRange"] as const) {
    failOnce(name);
    await assert.rejects(gpu.read(buffer), { message: "no memory for the copy" });
    assert.equal(gpu.counts.used, used);
    assert.deepEqual([...new Float32Array(await gpu.read(buffer))], [1, 2]);
    const copy = tf.add(x, 0);
    failOnce(name);
    await assert.rejects(copy.data(), { message: "no memory for the copy" });
    copy.dispose();
    const values = tf.add(x, 0);
    assert.deepEqual([...await values.data()], [4, 5]);
    values.dispose();
    gpu.submit();
    assert.equal(bufferManager.getNumUsedBuffers(), ofTfjs);
  }
  buffer.release();
  x.dispose();
});

backendTest("Gpu refuses operands and programs that do not fit", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  const x = tf.tensor1d([1]);
  assert.throws(() => gpu.record(gpu.program(addProgram), [x, x], 1), {
    name: "RangeError",
    message: "test: expected 3 operands, got 2",
  });
  const most = gpu.limits.maxComputeWorkgroupStorageSize;
  const large = { ...addProgram, code: `${addProgram.code}\n`, workgroupBytes: most + 16 };
  assert.throws(() => gpu.program(large), /bytes of workgroup memory, the device has/);
  x.dispose();
  const cpu = await openBackend("cpu");
  assert.throws(() => gpuOf(cpu), { name: "RangeError" });
  await openBackend("webgpu");
});

backendTest("gpuOf() has a device anew after a backend was closed", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  gpu.upload(Float32Array.of(1));
  backend.close();
  assert.throws(() => gpuOf(backend), { name: "RangeError" });
  const again: Backend = await openBackend("webgpu");
  assert.notEqual(gpuOf(again), gpu);
});

backendTest("TfjsWebgpu names the members that tfjs's backend lacks", ["webgpu"], () => {
  const real = tf.backend() as unknown as Record<string, unknown>;
  new TfjsWebgpu(real);
  const members = [
    "device",
    "commandEncoder",
    "commandQueueOwnedIds",
    "tensorMap",
    "bufferManager",
    "tensorDataPendingDisposal",
    "dispatchCountInPass",
    "ensureCommandEncoderReady",
    "endComputePassEncoder",
    "submitQueue",
    "uploadToGPU",
    "getBufferData",
    "makeTensorInfo",
  ];
  for (const name of members) {
    const without = new Proxy(real, {
      get: (target, key) => key === name ? undefined : Reflect.get(target, key),
      has: (target, key) => key !== name && key in target,
    });
    assert.throws(() => new TfjsWebgpu(without), (error: Error) => {
      assert.equal(error.name, "FailureError");
      assert.match(error.message, new RegExp(`its WebGPU backend has no ${name};`));
      return true;
    });
  }
});

Deno.test("workgroupVariables() declares variables and adds up their bytes", () => {
  const { code, bytes } = workgroupVariables([
    { name: "a", type: "f32", count: 3 },
    { name: "b", type: "vec4f", count: 2 },
    { name: "c", struct: "Control", bytes: 20 },
  ]);
  assert.equal(bytes, 16 + 32 + 32);
  assert.match(code, /var<workgroup> a: array<f32, 3>;\nvar<workgroup> b: array<vec4f, 2>;/);
  assert.match(code, /var<workgroup> c: Control;/);
});

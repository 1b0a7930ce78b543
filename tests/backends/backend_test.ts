import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Adapter } from "../../src/backends/adapters.ts";
import type { Backend } from "../../src/backends/backend.ts";
import { choose, chooseBackend } from "../../src/backends/choose_backend.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import { FailureError } from "../../src/core/errors.ts";
import { backendTest } from "../support/backends.ts";

backendTest("openBackend() runs the requested backend", ["cpu", "webgpu"], async (backend) => {
  assert.equal(tf.getBackend(), backend.tfName);
  const product = tf.tidy(() => tf.matMul([[1, 2], [3, 4]], [[5, 6], [7, 8]]));
  assert.deepEqual([...await product.data()], [19, 22, 43, 50]);
  product.dispose();
  assert.equal(await openBackend(backend.kind), backend);
});

backendTest("openBackend() reopens a closed backend", ["webgpu"], async (backend) => {
  backend.close();
  const again = await openBackend("webgpu");
  assert.notEqual(again, backend);
  const two = tf.tidy(() => tf.add(1, 1));
  assert.equal((await two.data())[0], 2);
  two.dispose();
});

backendTest("a closed GPU leaves the open CPU backend current", ["webgpu"], async (backend) => {
  const { tfName } = await openBackend("cpu");
  await openBackend("webgpu");
  backend.close();
  assert.equal(tf.getBackend(), tfName);
  const two = tf.tidy(() => tf.add(1, 1));
  assert.equal((await two.data())[0], 2);
  two.dispose();
  await openBackend("webgpu");
});

/** check() and opening fail with `message`; after closing, a new device opens. */
async function assertFails(backend: Backend, message: RegExp): Promise<void> {
  assert.throws(() => backend.check(), (error: Error) => {
    assert.ok(error instanceof FailureError);
    assert.match(error.message, message);
    return true;
  });
  await assert.rejects(openBackend("webgpu"), FailureError);
  backend.close();
  (await openBackend("webgpu")).check();
}

backendTest("check() reports an allocation refused by the device", ["webgpu"], async (backend) => {
  backend.check();
  const { device } = tf.backend() as unknown as { device: GPUDevice };
  const reported = new Promise((resolve) =>
    device.addEventListener("uncapturederror", resolve, { once: true })
  );
  // More than any device may allocate, as tfjs would for too large a batch.
  device.createBuffer({ size: 2 ** 45, usage: GPUBufferUsage.STORAGE });
  await reported;
  await assertFails(backend, /WebGPU \(.*\): .*buffer size/i);
});

backendTest("check() reports a lost device", ["webgpu"], async (backend) => {
  backend.close();
  // Devices are not destroyed here (see close()); instead, the platform's promise is replaced.
  const { requestDevice } = GPUAdapter.prototype;
  let lose = (_: GPUDeviceLostInfo) => {};
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    const device = await requestDevice.call(this, descriptor);
    const lost = new Promise<GPUDeviceLostInfo>((resolve) => lose = resolve);
    Object.defineProperty(device, "lost", { value: lost });
    return device;
  };
  try {
    const opened = await openBackend("webgpu");
    opened.check();
    lose({ reason: "unknown", message: "the driver was reset" } as unknown as GPUDeviceLostInfo);
    await Promise.resolve();
    GPUAdapter.prototype.requestDevice = requestDevice;
    await assertFails(opened, /the device was lost \(the driver was reset\); restart/);
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
});

/** The bits of a product and a convolution that are large enough for several threads. */
async function sharedWork(options: { portableBits?: boolean; threads?: number }) {
  const backend = await openBackend("cpu", options);
  const numbers = (count: number) =>
    Float32Array.from({ length: count }, (_, i) => Math.sin(i * i));
  const results = tf.tidy(() => {
    const square = tf.tensor2d(numbers(220 * 220), [220, 220]);
    const images = tf.tensor4d(numbers(8 * 28 * 28 * 8), [8, 28, 28, 8]);
    const filter = tf.tensor4d(numbers(9 * 8 * 8), [3, 3, 8, 8]);
    return [tf.matMul(square, square), tf.conv2d(images, filter, 1, "same")];
  });
  const bits = results.map((result) => [...new Uint32Array(result.dataSync().slice().buffer)]);
  tf.dispose(results);
  return { backend, bits };
}

Deno.test("openBackend() with portable bits computes without fused multiply-adds, on any threads", async () => {
  try {
    const fused = await sharedWork({});
    const portable = await sharedWork({ portableBits: true });
    assert.notEqual(portable.backend.tfName, fused.backend.tfName);
    portable.bits.forEach((bits, i) => assert.notDeepEqual(bits, fused.bits[i]));
    // Alternating in one process, also while workers join.
    for (const threads of [1, 2, 3, 2]) {
      const again = await sharedWork({ portableBits: true, threads });
      assert.equal(again.backend, portable.backend);
      assert.deepEqual(again.bits, portable.bits);
      assert.deepEqual((await sharedWork({ threads })).bits, fused.bits);
    }
  } finally {
    await openBackend("cpu");
  }
});

Deno.test("openBackend() refuses a GPU with portable bits, and auto then chooses the CPU", async () => {
  await assert.rejects(openBackend("webgpu", { portableBits: true }), {
    name: "InputError",
    message: /^backend webgpu: GPUs differ in their bits; portable bits need backend cpu$/,
  });
  const { kind } = await chooseBackend("auto", "images", { portableBits: true });
  assert.equal(kind, "cpu");
});

Deno.test("openBackend() called twice concurrently opens both", async () => {
  const [first, second] = await Promise.all([openBackend("cpu"), openBackend("cpu")]);
  assert.equal(first, second);
  assert.equal(tf.getBackend(), "fluxion-cpu");
});

Deno.test("openBackend() does not modify the kernels of tfjs's own wasm backend", async () => {
  await openBackend("cpu");
  // tfjs-backend-wasm 4.22 has no filter gradient; ours must not appear there.
  assert.equal(tf.getKernel("Conv2DBackpropFilter", "wasm"), undefined);
});

const adapter: Adapter = {
  vendor: "",
  architecture: "",
  device: "",
  description: "NVIDIA H100",
  isFallbackAdapter: false,
  features: [],
  limits: {},
};

Deno.test("choose() picks a GPU for images, never for points, never a software adapter", () => {
  assert.equal(choose("auto", "images", adapter).kind, "webgpu");
  assert.equal(choose("auto", "points", adapter).kind, "cpu");
  assert.equal(choose("auto", "images", null).kind, "cpu");
  assert.equal(choose("auto", "images", { ...adapter, isFallbackAdapter: true }).kind, "cpu");
  for (const name of ["llvmpipe (LLVM 15.0.6, 256 bits)", "SwiftShader Device (Subzero)"]) {
    const chosen = choose("auto", "images", { ...adapter, description: name });
    assert.equal(chosen.kind, "cpu");
    assert.ok(chosen.reason.includes(name), chosen.reason);
  }
});

Deno.test("chooseBackend() queries an adapter only for auto on images, and silences Mesa first", async () => {
  const gpu = navigator.gpu as unknown as { requestAdapter: () => Promise<null> };
  const { requestAdapter } = gpu;
  const asked: (string | undefined)[] = [];
  gpu.requestAdapter = () => {
    asked.push(Deno.env.get("NODEVICE_SELECT"));
    return Promise.resolve(null);
  };
  try {
    await chooseBackend("cpu", "images");
    await chooseBackend("webgpu", "images");
    for (const request of ["auto", "cpu", "webgpu"] as const) {
      await chooseBackend(request, "points");
    }
    await chooseBackend("auto", "images", { portableBits: true });
    assert.deepEqual(asked, []);
    await chooseBackend("auto", "images");
    assert.deepEqual(asked, ["1"]);
  } finally {
    gpu.requestAdapter = requestAdapter;
  }
});

Deno.test("chooseBackend() honours an explicit request, whatever the adapter", async () => {
  assert.equal((await chooseBackend("webgpu", "points")).kind, "webgpu");
  assert.equal((await chooseBackend("cpu", "images")).kind, "cpu");
});

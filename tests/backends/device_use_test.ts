import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { recordUse } from "../../src/backends/device_use.ts";
import { gpuOf, type ProgramSource } from "../../src/backends/gpu/mod.ts";
import { backendTest } from "../support/backends.ts";
import { countGpuCalls } from "../support/gpu_calls.ts";

const source: ProgramSource = {
  name: "sevens",
  code: `
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@compute @workgroup_size(1)
fn main() { out[0] = 7.0; }`,
  bindings: ["readWrite"],
  threads: 1,
  workgroupBytes: 0,
};

backendTest(
  "recordUse() counts and times what a program does, tfjs's part too, and leaves no trace",
  [
    "webgpu",
  ],
  async (backend) => {
    const gpu = gpuOf(backend), { device } = gpu;
    using out = gpu.scratch(4);
    const two = tf.scalar(2);
    // Recorded before: of no interest.
    gpu.record(gpu.program(source), [out], 1);
    const work = async () => {
      for (let i = 0; i < 3; i++) gpu.record(gpu.program(source), [out], 1);
      tf.dispose([tf.sqrt(two), tf.sqrt(two)]);
      await gpu.read(out);
      device.createBuffer({ size: 4, usage: GPUBufferUsage.COPY_DST }).destroy();
    };
    await work();
    const { submits, buffers, programs } = await recordUse(gpu, work);
    assert.deepEqual({ submits, buffers }, { submits: 1, buffers: 1 });
    const counts = new Map(programs.map(({ name, dispatches }) => [name, dispatches]));
    assert.deepEqual(counts, new Map(counts).set("sevens", 3).set("tfjs", 2));
    const isTimed = device.features.has("timestamp-query");
    // The device's clock may be coarser than a pass takes.
    for (const { ms } of programs) assert.ok(isTimed ? ms! >= 0 : ms === null);
    if (isTimed) assert.ok(programs.reduce((sum, { ms }) => sum + ms!, 0) > 0);

    await assert.rejects(
      recordUse(gpu, () => Promise.reject(new RangeError("of the work"))),
      /of the/,
    );
    for (const [object, name] of [[device.queue, "submit"], [device, "createBuffer"]] as const) {
      assert.ok(!Object.hasOwn(object, name), name);
    }
    assert.ok(!Object.hasOwn(device, "createCommandEncoder"));
    two.dispose();
    backend.check();
  },
);

backendTest(
  "recordUse() sees commands that are kept to be recorded again, and goes on counting after them",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend), program = gpu.program(source);
    using out = gpu.scratch(4);
    const { programs } = await recordUse(gpu, async () => {
      // Within one encoder, whose methods both follow.
      gpu.record(program, [out], 1);
      const logged = gpu.logged(() => gpu.record(program, [out], 1))!;
      logged.record();
      gpu.record(program, [out], 1);
      logged.dispose();
      await gpu.read(out);
    });
    assert.deepEqual(programs.map(({ name, dispatches }) => [name, dispatches]), [["sevens", 4]]);
  },
);

backendTest(
  "recordUse() leaves valid commands where the work records and then throws",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    using out = gpu.scratch(4);
    gpu.submit();
    const counter = countGpuCalls();
    const { prototype } = GPUQuerySet, { destroy } = prototype;
    const submitsBefore: number[] = [];
    // Passes that are not submitted must not name what is destroyed; not every driver says so.
    prototype.destroy = function (this: GPUQuerySet) {
      submitsBefore.push(counter.calls().submits);
      return destroy.call(this);
    };
    try {
      const failing = recordUse(gpu, () => {
        gpu.record(gpu.program(source), [out], 1);
        return Promise.reject(new RangeError("of the work"));
      });
      await assert.rejects(failing, /of the work/);
    } finally {
      prototype.destroy = destroy;
      counter.stop();
    }
    assert.deepEqual(submitsBefore, gpu.device.features.has("timestamp-query") ? [1] : []);
    assert.deepEqual([...new Float32Array(await gpu.read(out))], [7]);
    backend.check();
  },
);

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { recordUse } from "../../src/backends/device_use.ts";
import { gpuOf, type ProgramSource } from "../../src/backends/gpu/mod.ts";
import { backendTest } from "../support/backends.ts";

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
    for (const { ms } of programs) assert.ok(isTimed ? ms! > 0 : ms === null);

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

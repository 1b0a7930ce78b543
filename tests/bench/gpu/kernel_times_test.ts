import assert from "node:assert/strict";
import { gpuOf, type ProgramSource } from "../../../src/backends/gpu/mod.ts";
import { backendTest } from "../../support/backends.ts";
import { kernelTimes } from "./kernel_times.ts";

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

backendTest("kernelTimes() times each pass by its program, and leaves no trace", [
  "webgpu",
], async (backend) => {
  const gpu = gpuOf(backend), { beginComputePass } = GPUCommandEncoder.prototype;
  const out = gpu.scratch(4);
  const times = await kernelTimes(gpu.device, async () => {
    for (let i = 0; i < 3; i++) gpu.record(gpu.program(source), [out], 1);
    await gpu.read(out);
  });
  out.release();
  assert.equal(GPUCommandEncoder.prototype.beginComputePass, beginComputePass);
  if (!gpu.device.features.has("timestamp-query")) return assert.deepEqual(times, []);
  assert.deepEqual(times.map(({ name, passes }) => [name, passes]), [["sevens", 3]]);
  assert.ok(times[0]!.ms > 0);
  backend.check();
});

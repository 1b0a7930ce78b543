import assert from "node:assert/strict";
import {
  type DeviceLimits,
  gridOf,
  mostBindingBytes,
  programExcess,
} from "../../../src/backends/gpu/limits.ts";

const limits: DeviceLimits = {
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 128,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 100,
  maxStorageBuffersPerShaderStage: 8,
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 26,
};

Deno.test("gridOf() covers any number of workgroups within both dimensions", () => {
  for (const count of [1, 2, 99, 100, 101, 199, 200, 201, 9_999, 10_000]) {
    const [x, y] = gridOf(count, limits);
    assert.ok(x * y >= count && x <= 100 && y <= 100);
    // Less than a row of workgroups ends at once.
    assert.ok(x * y - count < y, `${count}: ${x} x ${y}`);
  }
  for (const count of [0, -1, 1.5, NaN, 10_001]) {
    assert.throws(() => gridOf(count, limits), {
      name: "RangeError",
      message: `dispatch: expected 1 to 10000 workgroups, got ${count}`,
    });
  }
});

Deno.test("programExcess() names every limit that a program exceeds", () => {
  const fitting = { threads: 128, workgroupBytes: 16384, storageBuffers: 8 };
  assert.deepEqual(programExcess(fitting, limits), []);
  assert.deepEqual(
    programExcess({ threads: 129, workgroupBytes: 16400, storageBuffers: 9 }, limits),
    [
      "129 invocations per workgroup, the device has 128",
      "16400 bytes of workgroup memory, the device has 16384",
      "9 storage buffers, the device has 8",
    ],
  );
  assert.equal(programExcess({ ...fitting, workgroupBytes: NaN }, limits).length, 1);
});

Deno.test("mostBindingBytes() is the smaller limit of buffers and bindings", () => {
  assert.equal(mostBindingBytes(limits), 2 ** 26);
});

import assert from "node:assert/strict";
import { isSoftwareAdapter, listAdapters, requestAdapter } from "../../src/backends/adapters.ts";
import { diskRoom, measureMatmul, memoryRoom, versions } from "../../src/backends/device_facts.ts";
import { backendTest } from "../support/backends.ts";

Deno.test("versions() names this Deno and the pinned tfjs", async () => {
  const { deno, tfjs } = await versions();
  assert.equal(deno, Deno.version.deno);
  assert.match(tfjs, /^4\.22\./);
});

Deno.test("memoryRoom() and diskRoom() have available bytes within the total", async () => {
  for (const { totalBytes, availableBytes } of [memoryRoom(), await diskRoom(".")]) {
    assert.ok(availableBytes > 0 && availableBytes <= totalBytes, `${availableBytes}`);
    assert.ok(totalBytes > 1e6);
  }
});

Deno.test("listAdapters() starts with the one that webgpu would use and has no duplicates", async () => {
  const adapters = await listAdapters();
  assert.deepEqual(adapters[0] ?? null, await requestAdapter());
  assert.equal(new Set(adapters.map(({ description }) => description)).size, adapters.length);
  for (const { limits } of adapters) assert.ok(limits.maxBufferSize! > 0);
});

Deno.test("isSoftwareAdapter() goes by the driver's name if the flag is not set", () => {
  const adapter = { vendor: "", architecture: "", device: "", isFallbackAdapter: false };
  const software = [
    "llvmpipe (LLVM 15.0.6, 256 bits)",
    "SwiftShader Device (Subzero)",
    "Microsoft Basic Render Driver",
  ];
  for (const description of software) assert.ok(isSoftwareAdapter({ ...adapter, description }));
  const hardware = ["NVIDIA H100", "Apple M2", "AMD Radeon RX 7600 (RADV NAVI33)", "Intel(R) Arc"];
  for (const description of hardware) assert.ok(!isSoftwareAdapter({ ...adapter, description }));
});

backendTest("measureMatmul() returns a positive speed", ["cpu"], async () => {
  const { size, gflops } = await measureMatmul();
  assert.ok(size >= 128);
  assert.ok(gflops > 0.01 && Number.isFinite(gflops), `${gflops} GFLOP/s`);
});

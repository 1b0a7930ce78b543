import assert from "node:assert/strict";
import { gpuOf } from "../../../../src/backends/gpu/mod.ts";
import { drawOnGpu, type RandomNumbers } from "../../../../src/backends/gpu/random/draw.ts";
import { fillNormal, fillSigns, type RandomKey } from "../../../../src/core/random/random.ts";
import { backendTest } from "../../../support/backends.ts";

const key: RandomKey = { seed: 2 ** 52 + 12345, stream: 7, subsequence: 2 ** 32 - 3 };

// The second begins inside a block, whose counter passes 2^32 after three blocks.
const ranges = [{ start: 0, count: 4000 }, { start: 2 ** 34 - 11, count: 37 }];

backendTest("drawOnGpu() has the numbers of the CPU", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  const drawn = async (numbers: RandomNumbers) => {
    const buffer = drawOnGpu(gpu, numbers);
    const bytes = await gpu.read(buffer);
    buffer.release();
    return new Float32Array(bytes);
  };
  for (const { start, count } of ranges) {
    const signs = await drawn({ distribution: "rademacher", key, start, count });
    assert.deepEqual(signs, fillSigns(key, start, new Float32Array(count)));
    const normals = await drawn({ distribution: "gaussian", key, start, count });
    const expected = fillNormal(key, start, new Float32Array(count));
    // Float32's rounding of the logarithm, the root and the turn, of numbers up to 5.8.
    const largest = Math.max(...expected.map((value, i) => Math.abs(value - normals[i]!)));
    assert.ok(largest < 2e-6, `${largest}`);
  }
});

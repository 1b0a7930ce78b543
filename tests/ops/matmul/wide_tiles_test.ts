import assert from "node:assert/strict";
import fc from "fast-check";
import type { CpuKernels } from "../../../src/ops/cpu_kernels.ts";
import { simdModule } from "../../../src/threads/simd_module.ts";
import convPlain from "../../../src/ops/convolution/conv.plain.wasm" with { type: "bytes" };
import convRelaxed from "../../../src/ops/convolution/conv.relaxed.wasm" with { type: "bytes" };
import gemmPlain from "../../../src/ops/matmul/gemm.plain.wasm" with { type: "bytes" };
import gemmRelaxed from "../../../src/ops/matmul/gemm.relaxed.wasm" with { type: "bytes" };
import winogradPlain from "../../../src/ops/convolution/winograd.plain.wasm" with {
  type: "bytes",
};
import winogradRelaxed from "../../../src/ops/convolution/winograd.relaxed.wasm" with {
  type: "bytes",
};
import { numbers } from "../_builds.ts";

const builds = [
  { relaxed: gemmRelaxed, plain: gemmPlain },
  { relaxed: convRelaxed, plain: convPlain },
  { relaxed: winogradRelaxed, plain: winogradPlain },
];

/** Numbers in an input, and byte offsets in memory: two inputs, weights, output, scratch. */
const COUNT = 60_000;
const [X, R, W, Y, U, SCRATCH] = [0, 1, 2, 3, 4, 6].map((place) => 4 * COUNT * place) as [
  number,
  number,
  number,
  number,
  number,
  number,
];

const sizes = fc.record({
  n: fc.constantFrom(1, 2),
  h: fc.integer({ min: 1, max: 9 }),
  w: fc.integer({ min: 1, max: 9 }),
  cin: fc.constantFrom(8, 12, 20, 36),
  cout: fc.constantFrom(8, 16, 20, 24, 36, 40),
  relu: fc.constantFrom(0, 1),
});

// Timing chooses the tiles in use, so tests on one machine otherwise cover one kind only.
for (const choice of ["fastest", "plain"] as const) {
  Deno.test(`wide tiles have the bits of narrow ones [${choice}]`, () => {
    const memory = new WebAssembly.Memory({ initial: 64 });
    const kernels: CpuKernels = Object.assign(
      {},
      ...builds.map((build) =>
        new WebAssembly.Instance(simdModule(build, choice), { env: { memory } }).exports
      ),
    );
    const floats = new Float32Array(memory.buffer);
    for (const at of [X, R, W]) floats.set(numbers(COUNT, at), at / 4);
    fc.assert(
      fc.property(sizes, ({ n, h, w, cin, cout, relu }) => {
        const pixels = n * h * w;
        const conv = [n, h, w, cin, 3, 3, h, w, cout, 1, 1, 1, 1] as const;
        kernels.winogradFilter(0, cin, cin, cout, W, 0, U, SCRATCH);
        const works: Record<string, (wide: 0 | 1) => void> = {
          gemm: (wide) => kernels.gemm(wide, 0, 0, pixels, cout, cin, X, W, R, R, relu, Y, SCRATCH),
          "gemm of rows": (wide) =>
            kernels.gemm(wide, 1, 0, cin, cout, pixels, X, R, 0, 0, relu, Y, SCRATCH),
          "gemm of a transposed factor": (wide) =>
            kernels.gemm(wide, 0, 1, pixels, cout, cin, X, W, R, 0, relu, Y, SCRATCH),
          conv: (wide) => kernels.conv(wide, ...conv, X, W, R, relu, Y, SCRATCH),
          convFilterGradient: (wide) => kernels.convFilterGradient(wide, ...conv, X, R, Y, SCRATCH),
          convNarrow: (wide) =>
            kernels.convNarrow(wide, n, h, w, cin, 3, 3, h, w, 2, 1, 1, X, W, R, relu, Y, SCRATCH),
          winograd: (wide) =>
            kernels.winograd(wide, n, h, w, cin, cout, X, U, R, R, relu, Y, SCRATCH),
          winogradFilterGradient: (wide) =>
            kernels.winogradFilterGradient(wide, n, h, w, cin, cout, X, R, Y, SCRATCH),
        };
        for (const [name, work] of Object.entries(works)) {
          const [narrow, wide] = ([0, 1] as const).map((wide) => {
            floats.fill(NaN, Y / 4, Y / 4 + COUNT);
            work(wide);
            return new Uint32Array(memory.buffer, Y, COUNT).slice();
          });
          assert.deepEqual(wide, narrow, name);
          assert.notEqual(narrow![0], 0x7fc00000, name);
        }
      }),
      { numRuns: 40 },
    );
  });
}

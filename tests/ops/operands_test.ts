import assert from "node:assert/strict";
import * as workerThreads from "node:worker_threads";
import fc from "fast-check";
import { cpuKernelModules, type CpuKernels, cpuKernels } from "../../src/ops/cpu_kernels.ts";
import { FailureError } from "../../src/core/errors.ts";
import type { KernelSignature } from "../../src/threads/operands.ts";
import { ThreadPool } from "../../src/threads/thread_pool.ts";
import type { WasmBackend } from "../../src/threads/wasm.ts";

/** With the bounds checks of the tests: out-of-bounds accesses of a kernel trap. */
const memory = new WebAssembly.Memory({ initial: 32, maximum: 32 });
const bytes = memory.buffer.byteLength;
const backend = { wasm: { asm: { memory } } } as unknown as WasmBackend;
const crew = cpuKernels(new ThreadPool(workerThreads), { backend, build: "plain" });

/** Functions that compute scratch sizes, and kernels that access memory. */
type Size =
  | "gemmScratch"
  | "convScratch"
  | "convNarrowScratch"
  | "winogradScratch"
  | "winogradFilterBytes";
type MemoryKernel = Exclude<keyof CpuKernels, Size>;
const scratchSizes = Object.assign({}, ...cpuKernelModules.map(({ sizes }) => sizes)) as Readonly<
  Record<Size, (...sizes: number[]) => number>
>;
const signatures = Object.assign(
  {},
  ...cpuKernelModules.map(({ signatures }) => signatures),
) as Readonly<Record<MemoryKernel, KernelSignature>>;

type Numbers = fc.Arbitrary<number>;
const between = (min: number, max: number): Numbers => fc.integer({ min, max });
const small = between(1, 9), flag = between(0, 1), real = fc.constant(0.5);
const fours = fc.constantFrom(4, 8, 12, 20), eights = fc.constantFrom(8, 12, 20);
/** An address, to be assigned later. */
const at = fc.constant(NaN);
const callOf = (...parts: readonly Numbers[]): fc.Arbitrary<number[]> => fc.tuple(...parts);
const times = (count: number, part: Numbers): Numbers[] => Array(count).fill(part);

/** Sizes of a convolution of x [n, h, w, cin] with a filter [kh, kw, cin, cout], maybe strided. */
function convolution(strides: Numbers | null, cin: Numbers, cout: Numbers): fc.Arbitrary<number[]> {
  const sizes = fc.tuple(small, small, small, cin, between(1, 3), between(1, 3), cout);
  return fc.tuple(sizes, strides ?? fc.constant(1), flag).map(([sizes, stride, pad]) => {
    const [n, h, w, cin, kh, kw, cout] = sizes;
    const [ph, pw] = [Math.min(pad, kh - 1), Math.min(pad, kw - 1)];
    const [height, width] = [Math.max(h, kh), Math.max(w, kw)];
    const oh = Math.floor((height + 2 * ph - kh) / stride) + 1;
    const ow = Math.floor((width + 2 * pw - kw) / stride) + 1;
    const stepped = strides === null ? [] : [stride, stride];
    return [n, height, width, cin, kh, kw, oh, ow, cout, ...stepped, ph, pw];
  });
}

const anyConvolution = convolution(between(1, 2), small, small);
const images = callOf(flag, small, small, small, eights, eights, ...times(4, at));

/** Arguments of each kernel. */
const calls: Readonly<Record<MemoryKernel, fc.Arbitrary<number[]>>> = {
  sumOfSquares: callOf(small, at, at),
  adam: callOf(small, ...times(10, at), ...times(9, real)),
  gemm: callOf(...times(3, flag), ...times(3, between(1, 30)), ...times(4, at), flag, at, at),
  conv: fc.tuple(flag, anyConvolution, flag)
    .map(([wide, sizes, relu]) => [wide, ...sizes, NaN, NaN, NaN, relu, NaN, NaN]),
  convNarrow: fc.tuple(flag, convolution(null, fours, between(1, 3)), flag)
    .map(([wide, sizes, relu]) => [wide, ...sizes, NaN, NaN, NaN, relu, NaN, NaN]),
  convFilterGradient: fc.tuple(flag, anyConvolution)
    .map(([wide, sizes]) => [wide, ...sizes, NaN, NaN, NaN, NaN]),
  addTo: callOf(small, at, flag, at),
  copyRuns: callOf(small, fours, at, fours, at, fours),
  expOf: callOf(small, at, at),
  sigmoidOf: callOf(small, at, at, at),
  groupNormSilu: callOf(small, small, fours, ...times(8, at)),
  groupNormSiluGradient: callOf(small, small, fours, ...times(12, at)),
  reluGradient: callOf(small, small, small, ...times(5, at)),
  addOf: callOf(small, at, at, at),
  squaredErrorGradient: callOf(small, real, at, at, at),
  sumOfFour: callOf(small, small, fours, real, at, at),
  fourTimes: callOf(small, small, fours, real, at, at),
  sumMiddle: callOf(small, small, small, real, at, at, at),
  sumLast: callOf(small, small, real, at, at),
  winogradFilter: fc.tuple(eights, eights, flag)
    .map(([cin, cout, turn]) => [0, cin, cin, cout, NaN, turn, NaN, NaN]),
  winograd: fc.tuple(images, flag).map(([first, relu]) => [...first, relu, NaN, NaN]),
  winogradFilterGradient: images,
};

/** The call with consecutive operands, the one at `last` ending at the end of memory. */
function placed(name: MemoryKernel, values: readonly number[], last: number): number[] {
  const out = [...values], ranges = signatures[name].operands(values);
  let next = 64;
  for (const [place, numbers] of ranges) {
    out[place] = place === last ? bytes - 4 * numbers : next;
    if (place !== last) next += 16 * Math.ceil(numbers / 4) + 16;
  }
  return out;
}

function fill(): Uint32Array {
  const all = new Uint32Array(memory.buffer);
  return all.fill(0x3f000000);
}

Deno.test("every function of the kernel modules declares its operands or is a size", () => {
  const known = [...Object.keys(signatures), ...Object.keys(scratchSizes)].sort();
  const exported = Object.entries(crew.kernels).filter(([, value]) => typeof value === "function");
  assert.deepEqual(exported.map(([name]) => name).sort(), known);
});

Deno.test("scratch sizes agree with the modules, and throw beyond 32 bits", () => {
  const sizes = crew.kernels as unknown as typeof scratchSizes;
  const size = fc.integer({ min: 1, max: 700 });
  fc.assert(fc.property(size, size, size, (a, b, c) => {
    for (const name of Object.keys(scratchSizes) as Size[]) {
      assert.equal(sizes[name](a, b, c), scratchSizes[name](a, b, c));
    }
  }));
  for (
    const [name, a, b, c] of [
      ["gemmScratch", 2 ** 26, 256],
      ["convScratch", 2 ** 16, 2 ** 16],
      ["convNarrowScratch", 2 ** 24, 4, 2 ** 10],
      ["winogradScratch", 2 ** 14, 2 ** 14],
      ["winogradFilterBytes", 2 ** 14, 2 ** 14],
    ] as const
  ) {
    assert.throws(() => sizes[name](a, b, c ?? 0), /more than its memory holds/, name);
  }
});

for (const name of Object.keys(signatures) as MemoryKernel[]) {
  Deno.test(`${name} stays within its operands, and is refused other ones`, () => {
    const run = (values: readonly number[]) => crew.run(name, [values as never]);
    fc.assert(
      fc.property(calls[name], fc.nat(), (values, seed) => {
        const operands = signatures[name].operands(values);
        const [last, numbers] = operands[seed % operands.length]!;
        const call = placed(name, values, last);
        const before = fill().slice();
        run(call);
        // It wrote only within the operands it was checked against.
        const after = new Uint32Array(memory.buffer);
        for (const [place, count] of operands) {
          const first = call[place]! / 4;
          after.set(before.subarray(first, first + count), first);
        }
        assert.ok(equal(after, before), `${name} ${call}`);
        const refused = (changed: readonly number[], what: string) => {
          assert.throws(() => run(changed), FailureError, `${name}, ${what}: ${changed}`);
        };
        const changed = (place: number, value: number) => call.with(place, value);
        if (numbers > 0) {
          refused(changed(last, bytes - 4 * numbers + 4), "past the end");
          for (const value of [-4, 2 ** 32 + 64, NaN, Infinity]) {
            refused(changed(last, value), "address");
          }
        }
        const isOptional = operands.find(([place]) => place === last)![2] === "optional";
        if (!isOptional && numbers > 0) refused(changed(last, 0), "no memory");
        call.forEach((value, place) => {
          const isAddress = operands.some(([operand]) => operand === place);
          if (isAddress || signatures[name].reals?.includes(place)) return;
          for (const size of [-1, 0.5, NaN, 2 ** 31, 2 ** 53]) {
            refused(changed(place, size), "size");
          }
          if (value > 1) {
            // A size that determines an operand's length must not pass when a million times larger.
            const grown = changed(place, value * 1e6);
            const needs = signatures[name].operands(grown).reduce((sum, [, n]) => sum + n, 0);
            if (4 * needs > 2 * bytes) refused(grown, "larger");
          }
        });
        assert.ok(equal(after, before), `${name}: a call that was refused wrote`);
      }),
      { numRuns: 40 },
    );
  });
}

function equal(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

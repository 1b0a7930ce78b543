import assert from "node:assert/strict";
import { simdModule } from "../../../src/threads/simd_module.ts";
import { stopWord } from "../../../src/core/stop.ts";
import { moduleImports } from "../../../src/threads/module_functions.ts";
import plain from "../../../src/ode/engines/cpu/kernel/simd_engine.plain.wasm" with {
  type: "bytes",
};
import relaxed from "../../../src/ode/engines/cpu/kernel/simd_engine.relaxed.wasm" with {
  type: "bytes",
};

/** Error bound stated in simd_tanh.part.as.ts. */
const MAX_ULP = 6;

const COUNT = 1 << 16;
const AT = 4096;

/** tanh of up to 2^16 numbers by one build of the kernel. */
function kernel(build: "fastest" | "plain"): (x: Float32Array) => Float32Array {
  const memory = new WebAssembly.Memory({ initial: 32768, maximum: 32768, shared: true });
  const module = simdModule({ relaxed, plain }, build);
  const { exports } = new WebAssembly.Instance(module, moduleImports(memory, stopWord));
  const tanh = exports.tanhOf as (at: number, count: number) => void;
  return (x) => {
    const view = new Float32Array(memory.buffer, AT, x.length);
    view.set(x);
    tanh(AT, x.length);
    return view.slice();
  };
}

/** Spacing of float32 numbers of this size. */
function ulp(value: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(value) || 2 ** -126)));
  return 2 ** (exponent - 23);
}

for (const build of ["fastest", "plain"] as const) {
  Deno.test(`tanh (${build}) is within ${MAX_ULP} ulp over all of float32, odd, and at most 1`, () => {
    const tanh = kernel(build);
    const x = new Float32Array(COUNT), bits = new Uint32Array(x.buffer);
    let worst = 0, worstAt = 0;
    // Every 401st float32 from 0 to infinity; 400,000 of them are between 1e-5 and 10.
    for (let next = 0; next <= 0x7f800000;) {
      for (let i = 0; i < COUNT; i++, next += 401) bits[i] = Math.min(next, 0x7f800000);
      const y = tanh(x), minus = tanh(x.map((value) => -value));
      for (let i = 0; i < COUNT; i++) {
        const exact = Math.tanh(x[i]!);
        const error = Math.abs(y[i]! - exact) / ulp(exact);
        if (!(error <= worst)) [worst, worstAt] = [error, x[i]!];
        assert.ok(
          y[i]! <= 1 && minus[i] === -y[i]!,
          `tanh(${x[i]}) = ${y[i]}, of minus ${minus[i]}`,
        );
      }
    }
    assert.ok(worst <= MAX_ULP, `${worst} ulp at ${worstAt}`);
  });
}

Deno.test("tanh preserves NaN, zero and its sign", () => {
  const y = kernel("fastest")(Float32Array.of(NaN, 0, -0, Infinity, ...new Float32Array(12)));
  assert.deepEqual([...y.slice(0, 4)], [NaN, 0, -0, 1]);
});

for (const build of ["fastest", "plain"] as const) {
  Deno.test(`tanh (${build}) of a number has the same bits in any block`, () => {
    const tanh = kernel(build);
    const x = Float32Array.from({ length: 80 }, (_, i) => 0.17 * i - 6);
    const y = tanh(x);
    for (const [first, end] of [[0, 16], [16, 64], [32, 64], [0, 80]] as const) {
      assert.deepEqual(tanh(x.slice(first, end)), y.slice(first, end));
    }
  });
}

import assert from "node:assert/strict";
import { hasRelaxedSimd, simdModule } from "../../src/threads/simd_module.ts";
import plain from "../bench/peak.plain.wasm" with { type: "bytes" };
import relaxed from "../bench/peak.relaxed.wasm" with { type: "bytes" };

Deno.test("hasRelaxedSimd() says whether the relaxed build compiles", () => {
  assert.equal(hasRelaxedSimd(), WebAssembly.validate(relaxed as Uint8Array<ArrayBuffer>));
});

Deno.test("simdModule() takes the relaxed build where it can, and either runs", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const peak = (module: WebAssembly.Module) =>
    (new WebAssembly.Instance(module, { env: { memory } }).exports.peak as CallableFunction)(
      3,
      0.5,
    );
  const known = peak(simdModule({ relaxed, plain }, "fastest"));
  assert.ok(
    Math.abs(peak(new WebAssembly.Module(plain as Uint8Array<ArrayBuffer>)) - known) < 1e-5,
  );
});

import assert from "node:assert/strict";
import { PlaneTileChoice } from "../../../../src/ode/engines/cpu/simd_tile_choice.ts";

for (const faster of ["wide", "narrow"] as const) {
  Deno.test(`PlaneTileChoice finds that ${faster} tiles are faster, and asks no more`, () => {
    let calls = 0, taken = 0;
    const memory = new WebAssembly.Memory({ initial: 1 });
    const choice = new PlaneTileChoice({
      memory,
      allocate: (bytes) => {
        taken++;
        return { at: 0, bytes };
      },
      release: () => taken--,
      exports: {
        productOf(wide) {
          calls++;
          const end = performance.now() + (wide === Number(faster === "wide") ? 0.002 : 0.01);
          while (performance.now() < end);
          return 0;
        },
      },
    });
    for (let i = 0; i < 40; i++) void choice.isWide;
    assert.equal(choice.isWide, faster === "wide");
    const before = calls;
    assert.equal(choice.isWide, faster === "wide");
    assert.equal(calls, before);
    assert.equal(taken, 0);
  });
}

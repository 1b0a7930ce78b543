import assert from "node:assert/strict";
import { TileChoice } from "../../../src/ops/matmul/tile_choice.ts";

for (const [faster, slow] of [[1, 0], [0, 1]] as const) {
  Deno.test(`TileChoice finds that ${faster ? "wide" : "narrow"} tiles are faster, and asks no more`, () => {
    let calls = 0;
    const kernels = {
      gemmScratch: () => 8,
      gemm: (wide: number) => {
        calls++;
        const end = performance.now() + (wide === slow ? 0.03 : 0.005);
        while (performance.now() < end);
      },
    };
    const memory = new WebAssembly.Memory({ initial: 1 });
    const choice = new TileChoice(kernels, memory, (_, use) => use(0));
    for (let i = 0; i < 100; i++) void choice.wide;
    assert.equal(choice.wide, faster);
    const before = calls;
    assert.equal(choice.wide, faster);
    assert.equal(calls, before);
  });
}

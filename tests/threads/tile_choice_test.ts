import assert from "node:assert/strict";
import { TileChoice, type TileMeasurement } from "../../src/threads/tile_choice.ts";

/** The schedules of the CPU backend's products and of the CPU engine's. */
const schedules = [
  { rounds: [1, 1, 60], share: 1 },
  { rounds: [100, 5, 200], share: 0.95 },
] as const satisfies readonly Pick<TileMeasurement, "rounds" | "share">[];

for (const [faster, slow] of [[1, 0], [0, 1]] as const) {
  Deno.test(`TileChoice finds that ${faster ? "wide" : "narrow"} tiles are faster, and asks no more`, () => {
    for (const schedule of schedules) {
      let calls = 0, taken = 0;
      const memory = new WebAssembly.Memory({ initial: 1 });
      const choice = new TileChoice({
        ...schedule,
        memory,
        numbers: 8,
        withMemory: (numbers, use) => {
          taken++;
          use(65536 - 4 * numbers);
          taken--;
        },
        product: (wide, at) => {
          assert.deepEqual([...new Float32Array(memory.buffer, at, 8)], Array(8).fill(1));
          calls++;
          const end = performance.now() + (wide === slow ? 0.03 : 0.005);
          while (performance.now() < end);
        },
      });
      for (let i = 0; i < 100; i++) void choice.wide;
      assert.equal(choice.wide, faster);
      const before = calls;
      assert.equal(choice.wide, faster);
      assert.equal(calls, before);
      assert.equal(taken, 0);
    }
  });
}

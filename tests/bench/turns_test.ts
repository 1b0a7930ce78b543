import assert from "node:assert/strict";
import { type Contestant, contestantName, takeColdTurns, takeTurns, type Turn } from "./turns.ts";
import { differenceOf } from "./workloads/numbers.ts";

const nothing = { cpuMs: null, nfe: null, peakBytes: null };

/** A contestant that waits `ms` in each turn and says that it took what `turns` has. */
function contestant(
  family: string,
  { way, waits = 0, turns }: {
    readonly way: string;
    readonly waits?: number;
    readonly turns: readonly Partial<Turn>[];
  },
): Contestant & { taken: number } {
  return {
    ...{ family, name: contestantName(`${family} ${way}`, 1), taken: 0 },
    async turn() {
      await new Promise((resolve) => setTimeout(resolve, waits));
      const turn = turns[Math.min(this.taken++, turns.length - 1)]!;
      return { ...nothing, ms: 1, ...turn };
    },
  };
}

Deno.test("takeTurns() leaves warm-ups out of the median, and keeps what was prepared before", async () => {
  const compiled = contestant("JAX", {
    ...{ way: "jit", waits: 110 },
    turns: [9, 8, 3, 1, 2].map((ms) => ({ ms, prepareMs: 5000 })),
  });
  const { "JAX jit, 1 thread": result } = await takeTurns([compiled], 3);
  assert.deepEqual(result!.ms, [3, 1, 2]);
  assert.equal(result!.medianMs, 2);
  assert.equal(result!.prepareMs, 5000);
});

Deno.test("takeTurns() counts a short turn after a tenth of a second of turns that do not count", async () => {
  const begin = performance.now();
  const short: Contestant = {
    ...{ family: "a", name: "b" },
    async turn() {
      await new Promise((resolve) => setTimeout(resolve, 1));
      return { ...nothing, ms: performance.now() - begin };
    },
  };
  const { b: result } = await takeTurns([short], 2);
  const [first, second] = result!.ms;
  assert.ok(first! > 100 && second! - first! > 100, `${first} and ${second} ms after the start`);
});

Deno.test("takeTurns() gives a single turn to what is hopeless beside its own family", async () => {
  const slow = contestant("a", { way: "eager", waits: 250, turns: [{ ms: 250 }] });
  const fast = contestant("a", { way: "compiled", turns: [{}] });
  const alone = contestant("b", { way: "only", waits: 250, turns: [{ ms: 250 }] });
  const results = await takeTurns([slow, fast, alone], 2);
  assert.equal(slow.taken, 1);
  assert.deepEqual(results["a eager, 1 thread"]!.ms, [250]);
  assert.equal(results["a compiled, 1 thread"]!.ms.length, 2);
  assert.equal(results["b only, 1 thread"]!.ms.length, 2);
});

Deno.test("takeColdTurns() has no warm-up, and keeps work that never ended", async () => {
  const cold = contestant("a", { way: "b", turns: [{ ms: 7 }, { ms: null }] });
  const { "a b, 1 thread": result } = await takeColdTurns([cold], 2);
  assert.deepEqual(result!.ms, [7, Infinity]);
});

Deno.test("differenceOf() takes neither NaN nor fewer numbers for agreement", () => {
  assert.equal(differenceOf([1, 2], [1, 4], "absolute"), 2);
  assert.equal(differenceOf([1, 2], [1, 4], "relative"), 0.5);
  assert.equal(differenceOf([10, 2, 3], [11, 1, 4], "gradient"), 1);
  assert.equal(differenceOf([10, 2, 3], [10, 1, 4], "gradient"), 0.25);
  assert.equal(differenceOf([1, 1], [4, 5], "rms"), Math.sqrt(12.5));
  assert.equal(differenceOf([NaN, 2], [1, 2], "gradient"), Infinity);
  assert.equal(differenceOf([1, NaN], [1, 4], "absolute"), Infinity);
  assert.equal(differenceOf([1], [1, 4], "absolute"), Infinity);
});

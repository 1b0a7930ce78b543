import assert from "node:assert/strict";
import { dealSums, type DealtSums } from "../../../../src/ode/engines/cpu/dealt_sums.ts";
import type { JobShape } from "../../../../src/ode/engines/cpu/job_sizes.ts";

/** A dopri5 solve with an exact trace in control groups of 8. */
function shapeOf(hidden: number, rows: number, energies = false): JobShape {
  return {
    ...{ dims: 2, hidden, directions: 2, probed: false, rows, width: energies ? 5 : 3 },
    ...{ energies, groupRows: 8, stages: 7, interpolant: 0, times: 0 },
  };
}

/** Sums of each thread, if whichever has the fewest takes the next item. */
function sumsOfThreads({ paired, items }: DealtSums, threads: number): number[] {
  const taken = new Array<number>(threads).fill(0);
  for (let item = 0; item < items; item++) {
    taken[taken.indexOf(Math.min(...taken))]! += 2 * item < paired ? 2 : 1;
  }
  return taken;
}

Deno.test("dealSums() gives each thread its share of the sums, rounded up at most", () => {
  for (const hidden of [64, 256]) {
    for (let groups = 1; groups <= 70; groups++) {
      for (let threads = 1; threads <= 40; threads++) {
        const dealt = dealSums(shapeOf(hidden, 8 * groups), threads), { sums } = dealt;
        const taken = sumsOfThreads(dealt, threads);
        assert.equal(sums, Math.min(groups, 32));
        assert.equal(taken.reduce((a, b) => a + b), sums);
        assert.equal(
          Math.max(...taken),
          Math.ceil(sums / threads),
          `${hidden}, ${sums}, ${threads}`,
        );
      }
    }
  }
});

Deno.test("dealSums() takes large networks' sums in twos where that leaves no thread without work", () => {
  const paired = (threads: number) => dealSums(shapeOf(256, 512), threads).paired;
  assert.deepEqual([1, 2, 6, 8, 12, 16, 24, 32].map(paired), [32, 32, 32, 32, 24, 32, 32, 0]);
  const lanes = (...[hidden, rows, energies]: Parameters<typeof shapeOf>) =>
    dealSums(shapeOf(hidden, rows, energies), 2).lanes;
  // Two groups of a sum, or two sums.
  assert.deepEqual([lanes(64, 512), lanes(64, 64), lanes(256, 64)], [2, 1, 2]);
  assert.equal(lanes(256, 512, true), 1);
});

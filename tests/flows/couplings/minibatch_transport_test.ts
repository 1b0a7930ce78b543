import assert from "node:assert/strict";
import { independentCoupling } from "../../../src/flows/couplings/coupling.ts";
import { minibatchTransport } from "../../../src/flows/couplings/minibatch_transport.ts";
import { moons } from "../../../src/data/densities/moons.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";

const count = 128, width = 2;
const x0 = fillNormal(keyOf(subsequences.noise, 0), 0, new Float32Array(count * width));
const x1 = moons.draw({ seed: 0, from: subsequences.dataSet }, count).points;
const batch = { count, width, x0, x1, key: keyOf(subsequences.couplings, 0) };

/** Mean squared length of x1 - x0 over pairs. */
const cost = (ofX0: ArrayLike<number>, ofX1: ArrayLike<number>) =>
  Array.from(ofX0).reduce((sum, from, i) => {
    const to = ofX1[i]!;
    return sum + (x1[2 * to]! - x0[2 * from]!) ** 2 + (x1[2 * to + 1]! - x0[2 * from + 1]!) ** 2;
  }, 0) / count;

const rows = Uint32Array.from({ length: count }, (_, i) => i);

Deno.test("minibatchTransport pairs each draw and each data row once, in data order", () => {
  const pairs = minibatchTransport.pair(batch)!;
  assert.deepEqual(pairs.x0.toSorted(), rows);
  assert.deepEqual(pairs.x1, rows);
});

Deno.test("minibatchTransport costs less than the given order; no swap of two pairs helps", () => {
  const { x0: draws } = minibatchTransport.pair(batch)!;
  const least = cost(draws, rows);
  // E|x1 - x0|^2 is about 3.2; W2^2 between the two is 0.3.
  assert.ok(least < 0.4 * cost(rows, rows), `${least} of ${cost(rows, rows)}`);
  for (let i = 0; i < count; i++) {
    for (let j = 0; j < i; j++) {
      const swapped = draws.slice();
      [swapped[i], swapped[j]] = [draws[j]!, draws[i]!];
      assert.ok(cost(swapped, rows) >= least - 1e-12, `${i} and ${j}`);
    }
  }
});

Deno.test("minibatchTransport does not depend on the order of the draws", () => {
  const reversed = Float32Array.from(x0, (_, at) => x0[x0.length - 2 - 2 * (at >> 1) + at % 2]!);
  const { x0: draws } = minibatchTransport.pair(batch)!;
  const { x0: mirrored } = minibatchTransport.pair({ ...batch, x0: reversed })!;
  assert.deepEqual(mirrored.map((i) => count - 1 - i), draws);
});

Deno.test("minibatchTransport refuses a batch whose cost matrix would exhaust memory", () => {
  assert.throws(() => minibatchTransport.pair({ ...batch, count: 1_000_000 }), {
    name: "InputError",
    message: /at most 8192 rows, the batch has 1000000; take a smaller batchSize/,
  });
});

Deno.test("independentCoupling does not read the batch", () => {
  const pairs = independentCoupling.pair({
    ...batch,
    get x1(): Float32Array {
      throw new Error("read back");
    },
  });
  assert.equal(pairs, null);
});

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mlpLayout } from "../../../../src/ops/mlp_field/contract.ts";
import { Parameters } from "../../../../src/core/parameters.ts";
import type { SolveProblem } from "../../../../src/ode/engines/engine.ts";
import { simdEngine } from "../../../../src/ode/engines/cpu/simd_engine.ts";
import {
  activationChunks,
  jobFits,
  type JobShape,
  lanesOf,
  mostJobBytes,
  partialSums,
  scratchBytes,
  threadsThatFit,
} from "../../../../src/ode/engines/cpu/job_sizes.ts";
import { solveOn } from "../../../../src/ode/engines/engines.ts";
import { enginesOf } from "../../../../src/ode/engines/open_device.ts";
import { dopri5 } from "../../../../src/ode/tableaus/dopri5.ts";
import { InputError } from "../../../../src/core/errors.ts";
import { backendTest } from "../../../support/backends.ts";
import { randomNumbers, randomWeights } from "../mlp_problem.ts";

/** A likelihood of one group of eight rows with the exact trace, by dopri5. */
function shapeOf(changes: Partial<JobShape>): JobShape {
  const { dims = 2 } = changes;
  const width = dims + 1, directions = dims;
  const rest = { rows: 8, groupRows: 8, stages: 7, interpolant: 52, times: 0, probed: false };
  return { dims, hidden: 32, width, directions, energies: false, ...rest, ...changes };
}

Deno.test("scratchBytes() is exact where 32 bits wrap", () => {
  // By hand: 7 stages of (3 + 2 K) + (5 + 4 K) planes of 32 * 2048 + 64 bytes, and panels of 1 + K
  // more, are most of it.
  const shape = shapeOf({ dims: 784, hidden: 2048 });
  const planes = 7 * (9 + 7 * 784) * (32 * 2048 + 64);
  const bytes = scratchBytes(shape, "pullBack");
  assert.ok(planes > 2 ** 31 && bytes > planes && bytes < 1.1 * planes, String(bytes));
  assert.ok(!jobFits(shape, true));
  // A solve without records has one set of activations.
  assert.ok(scratchBytes(shape, "solve") < 2 ** 27);
  assert.ok(jobFits(shape, false));
});

Deno.test("jobFits() rejects jobs beyond any memory, at any size", () => {
  for (const rows of [1e6, 1e9, 1e15]) {
    assert.equal(jobFits(shapeOf({ rows, groupRows: rows }), false), rows === 1e6);
  }
  for (const hidden of [200_000, 2 ** 31, 2 ** 52]) assert.ok(!jobFits(shapeOf({ hidden }), false));
  for (const dims of [2 ** 31, 2 ** 50]) assert.ok(!jobFits(shapeOf({ dims }), false));
  assert.ok(!jobFits(shapeOf({ times: 1e9 }), false));
});

Deno.test("threadsThatFit() and partialSums() stay within the memory, and are unchanged where all fits", () => {
  const small = shapeOf({ rows: 4096 });
  assert.equal(threadsThatFit(small, "solve", 16), 16);
  assert.equal(partialSums(small, 512), 32);
  assert.equal(partialSums(small, 3), 3);
  const wide = shapeOf({ hidden: 4096 });
  const sums = partialSums(wide, 512);
  assert.ok(sums >= 1 && sums < 32 && sums * 4 * 2 * 4096 ** 2 < 2 ** 30, String(sums));
  const large = shapeOf({ dims: 784, hidden: 2048, rows: 2048 });
  const threads = threadsThatFit(large, "solve", 64);
  assert.ok(threads >= 1 && threads * scratchBytes(large, "solve") < mostJobBytes);
});

Deno.test("lanesOf() is two where every thread has two groups of one tile", () => {
  const shape = shapeOf({ rows: 64 });
  assert.equal(lanesOf(shape, "solve", 1), 2);
  assert.equal(lanesOf(shape, "solve", 4), 2);
  assert.equal(lanesOf(shape, "solve", 5), 1);
  assert.equal(lanesOf(shape, "pullBack", 4), 2);
  assert.equal(lanesOf(shape, "pullBack", 5), 1);
  assert.equal(lanesOf({ ...shape, groupRows: 16 }, "pullBack", 4), 2);
  assert.equal(lanesOf(shape, "adjoint", 1), 1);
  assert.equal(lanesOf({ ...shape, energies: true }, "solve", 1), 1);
  assert.equal(lanesOf({ ...shape, groupRows: 9 }, "solve", 1), 1);
  // Two of its scratch memories would count beside the records.
  assert.equal(lanesOf(shapeOf({ dims: 784, hidden: 2048, rows: 64 }), "solve", 1), 1);
});

Deno.test("activationChunks() leaves room for two groups side by side on any number of threads", () => {
  // 64 groups are 32 sums, so that 20 threads have fewer than two each, of two groups.
  const shape = shapeOf({ hidden: 256, rows: 512 });
  assert.equal(lanesOf(shape, "pullBack", 20), 1);
  const [one, sixteen, twenty] = [1, 16, 20].map((count) =>
    activationChunks(shape, Infinity, count)
  );
  const perThread = (one! - sixteen!) / 15;
  assert.ok(perThread > 0);
  assert.ok(Math.abs(sixteen! - twenty! - 4 * perThread) <= 1, `${one} ${sixteen} ${twenty}`);
});

/** A solve of eight rows in fixed steps; networks of `dims` beyond 2 have zeros there. */
async function embeddedLogProb(dims: number, hidden: number): Promise<number[]> {
  const inner = randomWeights({ dims: 2, hidden }, 2);
  const flat = new Float32Array(mlpLayout({ dims, hidden }).size);
  // Device order: W0 [dims, hidden], what does not know dims, W3 [hidden, dims], b3 [dims].
  const middle = inner.subarray(2 * hidden, inner.length - 2 * hidden - 2);
  flat.set(inner.subarray(0, 2 * hidden));
  flat.set(middle, dims * hidden);
  const w3 = dims * hidden + middle.length, inner3 = inner.length - 2 * hidden - 2;
  for (let i = 0; i <= hidden; i++) {
    flat.set(inner.subarray(inner3 + 2 * i, inner3 + 2 * i + 2), w3 + dims * i);
  }
  const numbers = randomNumbers(16, 1), start = new Float32Array(8 * (dims + 1));
  for (let row = 0; row < 8; row++) {
    start.set(numbers.slice(2 * row, 2 * row + 2), row * (dims + 1));
  }
  const parameters = Parameters.fromFlat(mlpLayout({ dims, hidden }), flat);
  const y0 = tf.tensor2d(start, [8, dims + 1]);
  const problem: SolveProblem = {
    field: { kind: "mlp", dims, hidden, parameters, trace: { kind: "exact" } },
    y0,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: { kind: "fixed", steps: 1 },
    controlGroup: 8,
    maxSteps: 10,
    keep: { kind: "end" },
  };
  const solution = await simdEngine({ threads: 1 }).solve(problem);
  const y1 = solution.y1.dataSync();
  solution.dispose();
  y0.dispose();
  parameters.dispose();
  return Array.from(
    { length: 8 },
    (_, row) => [0, 1, dims].map((column) => y1[row * (dims + 1) + column]!),
  ).flat();
}

backendTest("simdEngine() is right where a pull-back's scratch memory passes 4 GiB", [
  "cpu",
], async () => {
  // Sizes that wrap at 2^32 put what lies last in that memory, which stages need the trace, inside
  // the state: the change of logp was 0 then.
  const [dims, hidden] = [48_320, 60];
  assert.ok(scratchBytes(shapeOf({ dims, hidden }), "pullBack") > 2 ** 32);
  const small = await embeddedLogProb(2, hidden), large = await embeddedLogProb(dims, hidden);
  // The other dimensions add zeros; products of other sizes are summed in the same order.
  large.forEach((value, i) =>
    assert.ok(Math.abs(value - small[i]!) < 1e-5, `${i}: ${value}, ${small[i]}`)
  );
});

backendTest(
  "solveOn() refuses a control group that exceeds the memory, in one line with the bytes",
  [
    "cpu",
  ],
  async (backend) => {
    const shape = { dims: 2, hidden: 32 };
    const parameters = Parameters.fromFlat(mlpLayout(shape), randomWeights(shape, 1));
    const y0 = tf.zeros<tf.Rank.R2>([16_000_000, 2]);
    const solving = solveOn(enginesOf(backend), {
      field: { kind: "mlp", ...shape, parameters, trace: null },
      y0,
      t0: 0,
      t1: 1,
      tableau: dopri5,
      control: { kind: "fixed", steps: 1 },
      controlGroup: "batch",
      maxSteps: 10,
      keep: { kind: "end" },
    });
    await assert.rejects(solving, (error) => {
      assert.ok(error instanceof InputError);
      assert.match(error.message, /^16000000 rows of 2 numbers .*3328000000 bytes.*`controlGroup`/);
      return true;
    });
    y0.dispose();
    parameters.dispose();
  },
);

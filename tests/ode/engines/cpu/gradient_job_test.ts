import assert from "node:assert/strict";
import { FailureError } from "../../../../src/core/errors.ts";
import { Parameters } from "../../../../src/core/parameters.ts";
import { energyColumns } from "../../../../src/ode/energies.ts";
import { simdEngine } from "../../../../src/ode/engines/cpu/simd_engine.ts";
import type {
  AffineCotangent,
  SolveProblem,
  TraceMethod,
} from "../../../../src/ode/engines/engine.ts";
import { cotangentOf } from "../../../../src/ode/engines/number_rows.ts";
import { rk4 } from "../../../../src/ode/tableaus/rk4.ts";
import { mlpLayout, type MlpShape } from "../../../../src/ops/mlp_field/contract.ts";
import { backendTest } from "../../../support/backends.ts";
import { dopri5Solve, randomNumbers, randomWeights } from "../mlp_problem.ts";
import { heldPages } from "./held_pages.ts";

const exact: TraceMethod = { kind: "exact" };
const probes: TraceMethod = {
  kind: "hutchinson",
  probes: { distribution: "gaussian", key: { seed: 5, stream: 4, subsequence: 3 }, firstRow: 0 },
};

type ProblemCase = readonly [MlpShape, number, TraceMethod | null, Partial<SolveProblem>?];

/** A problem over random weights and rows of numbers, and a cotangent of it. */
function problemOf(
  ...[shape, rows, trace, changes = {}]: ProblemCase
): { readonly problem: SolveProblem; readonly cotangent: AffineCotangent } {
  const parameters = Parameters.fromFlat(mlpLayout(shape), randomWeights(shape, 2));
  const width = shape.dims + (trace === null ? 0 : 1 + energyColumns(trace));
  const numbers = (count: number, subsequence: number) =>
    Float32Array.from(randomNumbers(count, subsequence));
  const problem: SolveProblem = {
    field: { kind: "mlp", ...shape, parameters, trace },
    y0: { shape: [rows, width], values: numbers(rows * width, 1) },
    ...{ ...dopri5Solve, keep: { kind: "records" }, ...changes },
  };
  return { problem, cotangent: { slope: numbers(width, 7), constant: numbers(width, 8) } };
}

function release({ field }: SolveProblem): void {
  if (field.kind === "mlp") field.parameters.dispose();
}

const rk4Steps = { tableau: rk4, control: { kind: "fixed", steps: 2 } } as const;

/** Shapes, rows, traces and changes. The sums have no, one, two and three groups, and partial ones. */
const cases: readonly ProblemCase[] = [
  [{ dims: 2, hidden: 8 }, 1, exact],
  [{ dims: 2, hidden: 8 }, 20, null],
  [{ dims: 3, hidden: 6 }, 20, { ...exact, energies: true }],
  [{ dims: 2, hidden: 8 }, 523, exact],
  [{ dims: 9, hidden: 12 }, 300, probes, { controlGroup: 5 }],
  [{ dims: 2, hidden: 4 }, 70, exact, { controlGroup: 1 }],
  [{ dims: 2, hidden: 4 }, 70, exact, rk4Steps],
  // So large that threads take two sums at a time, and the last one alone.
  [{ dims: 1, hidden: 256 }, 40, exact, rk4Steps],
];

backendTest("solveWithGradient() has the bits of solve() and pullBack(), on any threads", [
  "cpu",
], async () => {
  const reference = simdEngine({ threads: 1 });
  for (const [i, one] of cases.entries()) {
    const { problem, cotangent } = problemOf(...one);
    const solution = await reference.solve(problem);
    const { y1 } = solution.numbers!, given = cotangentOf(y1, cotangent);
    const pulled = await reference.pullBackNumbers!(solution, given, { kind: "direct" });
    const reports = await reference.report(solution)();
    for (const options of [{ threads: 1 }, { threads: 3 }, { threads: 2, activationBytes: 0 }]) {
      for (let run = 0; run < (i === 3 ? 5 : 1); run++) {
        const found = (await simdEngine(options).solveWithGradient!(problem, cotangent))!;
        assert.deepEqual(found.y1, y1, `y1 of case ${i}`);
        assert.deepEqual(found.parameters, pulled.parameters, `gradient of case ${i}`);
        assert.deepEqual(found.reports, reports);
        assert.equal(await found.nfe(), await pulled.nfe());
      }
    }
    solution.dispose();
    release(problem);
  }
});

backendTest("solveWithGradient() holds few groups' records at a time, and frees them", [
  "cpu",
], async () => {
  const { problem, cotangent } = problemOf({ dims: 2, hidden: 64 }, 512, exact);
  const engine = simdEngine({ threads: 2 });
  const solution = await engine.solve(problem);
  const apart = engine.recordBytes!(solution);
  solution.dispose();
  const together = async () => (await engine.solveWithGradient!(problem, cotangent))!.recordBytes;
  // A thread holds the records of 2 of 64 groups, in chunks of 2 MiB.
  const bytes = await together();
  assert.ok(bytes < apart / 8, `${bytes} of ${apart}`);
  const before = await heldPages();
  await together();
  assert.equal(await heldPages(), before);
  release(problem);
});

backendTest("solveWithGradient() says why a group failed, and what it does not take", [
  "cpu",
], async () => {
  const engine = simdEngine();
  const { problem, cotangent } = problemOf({ dims: 2, hidden: 8 }, 20, exact);
  const values = Float32Array.from(randomNumbers(60, 1));
  values[3 * 9 + 1] = NaN;
  const before = await heldPages();
  await assert.rejects(
    engine.solveWithGradient!({ ...problem, y0: { shape: [20, 3], values } }, cotangent),
    FailureError,
  );
  await assert.rejects(
    engine.solveWithGradient!(problem, { ...cotangent, slope: new Float32Array(2) }),
    RangeError,
  );
  for (const controlGroup of [9, "batch"] as const) {
    assert.equal(await engine.solveWithGradient!({ ...problem, controlGroup }, cotangent), null);
  }
  assert.equal(await heldPages(), before);
  release(problem);
});

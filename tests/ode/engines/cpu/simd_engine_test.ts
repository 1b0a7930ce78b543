import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import { mlpLayout, type MlpShape } from "../../../../src/ops/mlp_field/contract.ts";
import { mlpFloat64 } from "../../../../src/ops/mlp_field/float64.ts";
import { energyColumns } from "../../../../src/ode/energies.ts";
import { Parameters } from "../../../../src/core/parameters.ts";
import type {
  Engine,
  SolveProblem,
  SolveReport,
  TraceMethod,
} from "../../../../src/ode/engines/engine.ts";
import { enginesOf } from "../../../../src/ode/engines/open_device.ts";
import { hostRows, hostSpace } from "../../../../src/ode/engines/portable/host_rows.ts";
import { Float64Sum, mlpFloat64Field } from "../../../../src/ode/mlp_float64_field.ts";
import { portableEngine } from "../../../../src/ode/engines/portable/portable_engine.ts";
import { replay } from "../../../../src/ode/solver/replay.ts";
import { simdEngine } from "../../../../src/ode/engines/cpu/simd_engine.ts";
import type { StepRecord } from "../../../../src/ode/solver/rows_problem.ts";
import { solveRows } from "../../../../src/ode/solver/solve.ts";
import { tableaus } from "../../../../src/ode/tableaus.ts";
import { bosh3 } from "../../../../src/ode/tableaus/bosh3.ts";
import { dopri5 } from "../../../../src/ode/tableaus/dopri5.ts";
import { midpoint } from "../../../../src/ode/tableaus/midpoint.ts";
import { rk4 } from "../../../../src/ode/tableaus/rk4.ts";
import { tsit5 } from "../../../../src/ode/tableaus/tsit5.ts";
import { FailureError } from "../../../../src/core/errors.ts";
import { relativeError } from "../../../parity/fixtures.ts";
import { backendTest } from "../../../support/backends.ts";
import { engineSuite } from "../../engine_suite.ts";
import { heldPages } from "./held_pages.ts";
import { dopri5Solve, randomNumbers, randomWeights } from "../mlp_problem.ts";

const single = (count: number, subsequence: number) =>
  Float32Array.from(randomNumbers(count, subsequence));
const keyOf = (subsequence: number) => ({ seed: 5, stream: 4, subsequence });

/** A problem whose rows are a tensor. */
type TensorProblem = SolveProblem & { readonly y0: tf.Tensor2D };

/** A problem over random weights, `scale` times PyTorch's bounds, and random rows; both are owned by the caller. */
function problemOf(
  shape: MlpShape,
  rows: number,
  trace: TraceMethod | null,
  changes: Partial<Omit<SolveProblem, "y0">> & { readonly scale?: number } = {},
): TensorProblem & { dispose(): void } {
  const { scale = 2, ...others } = changes;
  const parameters = Parameters.fromFlat(mlpLayout(shape), randomWeights(shape, scale));
  const width = shape.dims + (trace === null ? 0 : 1 + energyColumns(trace));
  const y0 = tf.tensor2d(single(rows * width, 1), [rows, width]);
  return {
    field: { kind: "mlp", ...shape, parameters, trace },
    y0,
    ...dopri5Solve,
    keep: { kind: "records" },
    ...others,
    dispose() {
      y0.dispose();
      parameters.dispose();
    },
  };
}

/** Solves and pulls a random cotangent back; disposes everything. */
async function solveAndPull(engine: Engine, problem: SolveProblem) {
  const [n, width] = problem.y0.shape;
  const solution = await engine.solve(problem);
  const cotangent = tf.tensor2d(single(n * width, 9), [n, width]);
  const gradient = await engine.pullBack(solution, cotangent, { kind: "direct" });
  const result = {
    y1: solution.y1.dataSync().slice(),
    y0: gradient.y0.dataSync().slice(),
    parameters: gradient.parameters.dataSync().slice(),
    nfe: await gradient.nfe(),
    reports: await engine.report(solution)(),
  };
  solution.dispose();
  tf.dispose([cotangent, gradient.y0, gradient.parameters]);
  return result;
}

/** The same in float64 throughout, with an exact trace or without. */
async function truth(problem: TensorProblem) {
  const { field, y0 } = problem;
  if (field.kind !== "mlp") throw new Error("mlp only");
  const [n, width] = y0.shape;
  const net = mlpFloat64(field, Float64Array.from(field.parameters.flat.dataSync()));
  const exact = mlpFloat64Field(net, { trace: field.trace === null ? null : "exact" });
  const steps: StepRecord<ReturnType<typeof hostRows>>[] = [];
  const { y1 } = await solveRows({
    ...problem,
    space: hostSpace,
    field: exact,
    y0: hostRows(Float64Array.from(y0.dataSync()), n, width),
    times: [],
    onStep: (step) => steps.push(step),
  });
  const gradient = new Float64Sum(net.parameters.length);
  const cotangent = hostRows(Float64Array.from(single(n * width, 9)), n, width);
  const pulled = replay({
    space: hostSpace,
    field: exact,
    tableau: problem.tableau,
    steps,
    cotangent,
    gradient,
  });
  return { y1: y1.data, y0: pulled.y0.data, parameters: gradient.total };
}

const shapes = fc.record({
  dims: fc.constantFrom(1, 2, 3, 5, 7, 8, 9),
  hidden: fc.constantFrom(2, 4, 6, 10, 14, 22, 34, 64),
  rows: fc.constantFrom(1, 2, 7, 8, 9, 13, 24),
  controlGroup: fc.constantFrom(1, 3, 8, 11, "batch" as const),
  tableau: fc.constantFrom(...Object.values(tableaus)),
  hasTrace: fc.boolean(),
});

for (const build of ["fastest", "plain"] as const) {
  backendTest(`simdEngine() (${build}) is float64's solve and pull-back for any shape`, [
    "cpu",
  ], async () => {
    const engine = simdEngine({ build });
    await fc.assert(
      fc.asyncProperty(shapes, async ({ dims, hidden, rows, hasTrace, ...settings }) => {
        const problem = problemOf({ dims, hidden }, rows, hasTrace ? { kind: "exact" } : null, {
          ...settings,
          // Twice the bounds make narrow networks chaotic over many dimensions.
          scale: 1,
          control: { kind: "fixed", steps: 3 },
        });
        const exact = await truth(problem);
        const ours = await solveAndPull(engine, problem);
        for (const key of ["y1", "y0", "parameters"] as const) {
          // float32 has 6e-8; sums of up to 64 products, over three layers and three steps.
          const error = relativeError(ours[key], exact[key]);
          assert.ok(error < 1e-5, `${key}: ${error}`);
        }
        problem.dispose();
      }),
      { numRuns: 40, seed: 7 },
    );
  });
}

const traces: Record<string, TraceMethod | null> = {
  "exact trace": { kind: "exact" },
  "Hutchinson's trace": {
    kind: "hutchinson",
    probes: { distribution: "gaussian", key: keyOf(7), firstRow: 0 },
  },
  "Hutchinson's trace with energies": {
    kind: "hutchinson",
    probes: { distribution: "gaussian", key: keyOf(7), firstRow: 0 },
    energies: true,
  },
  "no trace": null,
};

/** Many sums of tiles, two at a time on every thread; few, one at a time from two threads on; many dimensions. */
const threadCases = [
  { rows: 300, dims: 2, hidden: 32 },
  { rows: 20, dims: 2, hidden: 32 },
  { rows: 40, dims: 9, hidden: 16 },
];

for (const [name, trace] of Object.entries(traces)) {
  backendTest(`simdEngine() decides as the portable engine does (${name})`, ["cpu"], async () => {
    const rows = 43;
    // At 1e-3 the error estimates are far above float32 rounding, which changes them, and so
    // all later step sizes, by 1e-5 or so.
    const controls = [
      { control: { kind: "fixed", steps: 8 }, bound: 2e-5 },
      { control: { kind: "adaptive", rtol: 1e-3, atol: 1e-3 }, bound: 3e-3 },
    ] as const;
    for (const controlGroup of [1, 8, 20, "batch"] as const) {
      for (const { control, bound } of controls) {
        // The gradients of the outer layers are summed over lanes, or over panels.
        const shape = { dims: controlGroup === 20 ? 9 : 3, hidden: 16 };
        const settings = { controlGroup, control };
        const problem = problemOf(shape, rows, trace, settings);
        const theirs = await solveAndPull(portableEngine("host"), problem);
        const ours = await solveAndPull(simdEngine(), problem);
        assert.deepEqual(ours.reports, theirs.reports);
        assert.equal(ours.nfe, theirs.nfe);
        for (const key of ["y1", "y0", "parameters"] as const) {
          const error = relativeError(ours[key], theirs[key]);
          assert.ok(error < bound, `${control.kind}, ${controlGroup}, ${key}: ${error}`);
        }
        problem.dispose();
      }
    }
  });

  backendTest(
    `simdEngine() gives the same bits on any number of threads, with kept activations or without (${name})`,
    ["cpu"],
    async () => {
      for (const { rows, ...shape } of threadCases) {
        const problem = problemOf(shape, rows, trace);
        const one = await solveAndPull(simdEngine({ threads: 1 }), problem);
        // Until the workers have started, the main thread does all the work: run several times so that they join.
        for (let run = 0; run < 5; run++) {
          for (
            const options of [{ threads: 2 }, { threads: 4 }, { threads: 3, activationBytes: 0 }]
          ) {
            assert.deepEqual(await solveAndPull(simdEngine(options), problem), one);
          }
        }
        problem.dispose();
      }
    },
  );
}

for (const build of ["fastest", "plain"] as const) {
  backendTest(`simdEngine() (${build}) gives the same bits by narrow and by wide tiles`, [
    "cpu",
  ], async () => {
    const [narrow, wide] = (["narrow", "wide"] as const).map((tiles) =>
      simdEngine({ build, tiles, threads: 1 })
    );
    // Every rest of the widths of tiles, one direction, a pair, a pair and one.
    for (const hidden of [2, 4, 6, 12, 22, 32, 64, 66, 128]) {
      for (const dims of [1, 2, 3, 9]) {
        const traces: TraceMethod[] = [
          { kind: "exact" },
          {
            kind: "hutchinson",
            probes: { distribution: "gaussian", key: keyOf(3), firstRow: 0 },
          },
        ];
        for (const trace of traces) {
          const problem = problemOf({ dims, hidden }, 12, trace, {
            scale: 1,
            control: { kind: "fixed", steps: 2 },
          });
          assert.deepEqual(
            await solveAndPull(wide!, problem),
            await solveAndPull(narrow!, problem),
          );
          problem.dispose();
        }
      }
    }
  });
}

backendTest(
  "simdEngine() keeps the cotangents of hundreds of dimensions apart from what else a tile needs",
  ["cpu"],
  async () => {
    // Their plane is longer than two of a layer of two units, and the scratch memory of its products.
    const control = { kind: "fixed", steps: 2 } as const;
    const problem = problemOf({ dims: 300, hidden: 2 }, 9, null, { control });
    const exact = await truth(problem);
    for (const activationBytes of [0, 2 ** 24]) {
      const ours = await solveAndPull(simdEngine({ activationBytes }), problem);
      for (const key of ["y1", "y0", "parameters"] as const) {
        const error = relativeError(ours[key], exact[key]);
        assert.ok(error < 1e-5, `${key}: ${error}`);
      }
    }
    problem.dispose();
  },
);

backendTest(
  "enginesOf() with portable bits solves in the plain build",
  ["cpu"],
  async (backend) => {
    const problem = problemOf({ dims: 2, hidden: 32 }, 20, { kind: "exact" });
    const plain = await solveAndPull(simdEngine({ build: "plain" }), problem);
    const portable = await solveAndPull(
      enginesOf(backend, { portableBits: true }).firstThatSupports(problem),
      problem,
    );
    const fused = await solveAndPull(enginesOf(backend).firstThatSupports(problem), problem);
    problem.dispose();
    assert.deepEqual(portable, plain);
    assert.notDeepEqual(fused, plain);
  },
);

backendTest(
  "simdEngine() gives a group the same bits whatever its neighbours",
  ["cpu"],
  async () => {
    const shape = { dims: 3, hidden: 8 }, rows = 21, trace = { kind: "exact" } as const;
    const engine = simdEngine();
    const keep = { kind: "times", times: [0, 0.3, 1] } as const;
    const problem = problemOf(shape, rows, trace, { controlGroup: 4, keep });
    const solve = async (first: number, end: number) => {
      const y0 = tf.slice2d(problem.y0, [first, 0], [end - first, -1]);
      const solution = await engine.solve({ ...problem, y0 });
      const values = [solution.y1, ...solution.states].map((state) => state.dataSync().slice());
      solution.dispose();
      y0.dispose();
      return values;
    };
    const whole = await solve(0, rows);
    for (const [first, end] of [[0, 4], [8, 12], [4, 16], [20, 21]] as const) {
      const part = await solve(first, end);
      whole.forEach((values, i) => assert.deepEqual(part[i], values.slice(first * 4, end * 4)));
    }
    problem.dispose();
  },
);

for (const tableau of [bosh3, dopri5, tsit5, rk4, midpoint]) {
  backendTest(
    `simdEngine() keeps the portable engine's states at given times (${tableau.name})`,
    ["cpu"],
    async () => {
      const control = tableau === dopri5
        ? { kind: "adaptive", rtol: 1e-5, atol: 1e-5 } as const
        : { kind: "fixed", steps: 5 } as const;
      const keep = { kind: "times", times: [1, 0.8, 0.79, 0.35, 0] } as const;
      const settings = { tableau, control, t0: 1, t1: 0, keep, controlGroup: 4 };
      for (const trace of [null, { kind: "exact" }] as const) {
        const problem = problemOf({ dims: 3, hidden: 8 }, 10, trace, settings);
        const solutions = [];
        for (const engine of [simdEngine(), portableEngine("host")]) {
          const solution = await engine.solve(problem);
          solutions.push({
            values: [solution.y1, ...solution.states].map((state) => state.dataSync().slice()),
            reports: await engine.report(solution)(),
          });
          solution.dispose();
        }
        const [ours, theirs] = solutions;
        assert.deepEqual(ours!.reports, theirs!.reports);
        ours!.values.forEach((values, i) => {
          const error = relativeError(values, theirs!.values[i]!);
          assert.ok(error < 1e-5, `state ${i}: ${error}`);
        });
        problem.dispose();
      }
    },
  );
}

backendTest("simdEngine() reports failed groups as the portable engine does", ["cpu"], async () => {
  const shape = { dims: 2, hidden: 8 };
  const outcomes = async (
    changes: Partial<Omit<SolveProblem, "y0">>,
    spoil: (flat: Float32Array) => void,
  ) => {
    const problem = problemOf(shape, 20, { kind: "exact" }, changes);
    const rows = problem.y0.dataSync().slice();
    spoil(rows as Float32Array);
    const y0 = tf.tensor2d(rows, problem.y0.shape);
    const [ours, theirs] = await Promise.all(
      [simdEngine(), portableEngine("host")].map(async (engine) => {
        const solution = await engine.solve({ ...problem, y0 });
        const reports = await engine.report(solution)();
        const isNaN = [...solution.y1.dataSync()].map(Number.isNaN);
        await assert.rejects(engine.pullBack(solution, y0, { kind: "direct" }), FailureError);
        solution.dispose();
        return { reports, isNaN };
      }),
    );
    assert.deepEqual(ours!.isNaN, theirs!.isNaN);
    const rounded = (value: number | undefined) => value?.toPrecision(3);
    const seen = ({ reports }: { reports: readonly SolveReport[] }) =>
      reports.map(({ failure, ...counts }) => ({
        ...counts,
        kind: failure?.kind,
        t: rounded(failure?.t),
        h: rounded(failure?.h),
      }));
    assert.deepEqual(seen(ours!), seen(theirs!));
    y0.dispose();
    problem.dispose();
    return ours!.reports.map(({ failure }) => failure?.kind);
  };
  const spoilNinth = (rows: Float32Array) => rows[3 * 9 + 1] = NaN;
  assert.deepEqual(await outcomes({}, spoilNinth), [undefined, "nonFinite", undefined]);
  assert.deepEqual(
    await outcomes({ control: { kind: "fixed", steps: 3 } }, spoilNinth),
    [undefined, "nonFinite", undefined],
  );
  const spent = "maxStepsReached";
  assert.deepEqual(await outcomes({ maxSteps: 2 }, () => {}), [spent, spent, spent]);
});

backendTest("simdEngine() says what is wrong with a problem", ["cpu"], async () => {
  const engine = simdEngine();
  const shape = { dims: 2, hidden: 4 };
  const problem = problemOf(shape, 3, null, { keep: { kind: "end" } });
  const empty = tf.zeros<tf.Rank.R2>([0, 2]);
  await assert.rejects(engine.solve({ ...problem, y0: empty }), /at least one row of 2 numbers/);
  await assert.rejects(engine.solve({ ...problem, controlGroup: 0 }), /control group.*got 0/);
  await assert.rejects(engine.solve({ ...problem, tableau: rk4 }), /takes fixed steps only/);
  const solution = await engine.solve(problem);
  await assert.rejects(engine.pullBack(solution, problem.y0, { kind: "direct" }), /keep.*records/);
  solution.dispose();
  empty.dispose();
  problem.dispose();
});

backendTest("simdEngine() pulls back by the continuous adjoint", ["cpu"], async () => {
  const control = { kind: "adaptive", rtol: 1e-6, atol: 1e-6 } as const;
  const problem = problemOf({ dims: 2, hidden: 8 }, 10, { kind: "exact" }, { scale: 1, control });
  const { y1, y0: ofY0, parameters } = await truth({
    ...problem,
    control: { kind: "adaptive", rtol: 1e-9, atol: 1e-9 },
  });
  const engine = simdEngine();
  const solution = await engine.solve({ ...problem, keep: { kind: "end" } });
  const cotangent = tf.tensor2d(single(30, 9), [10, 3]);
  const method = { kind: "adjoint", rtol: 1e-6, atol: 1e-6 } as const;
  const gradient = await engine.pullBack(solution, cotangent, method);
  for (
    const [ours, exact] of [
      [solution.y1, y1],
      [gradient.y0, ofY0],
      [gradient.parameters, parameters],
    ] as const
  ) {
    const error = relativeError(ours.dataSync(), exact);
    assert.ok(error < 1e-4, `${error}`); // the tolerances are 1e-6 per step
  }
  solution.dispose();
  tf.dispose([cotangent, gradient.y0, gradient.parameters]);
  problem.dispose();
});

/** The adjoint gradient for the random cotangent of {@link solveAndPull}. */
async function solveAndPullAdjoint(engine: Engine, problem: SolveProblem, rtol = 1e-6) {
  const [n, width] = problem.y0.shape;
  const solution = await engine.solve({ ...problem, keep: { kind: "end" } });
  const cotangent = tf.tensor2d(single(n * width, 9), [n, width]);
  try {
    const method = { kind: "adjoint", rtol, atol: rtol } as const;
    const gradient = await engine.pullBack(solution, cotangent, method);
    const { y0, parameters } = gradient;
    const result = {
      y0: y0.dataSync().slice(),
      parameters: parameters.dataSync().slice(),
      nfe: await gradient.nfe(),
    };
    tf.dispose([y0, parameters]);
    return result;
  } finally {
    solution.dispose();
    cotangent.dispose();
  }
}

const adjointCases = [
  { name: "the velocity alone", trace: null, changes: {} },
  { name: "an exact trace, groups of two tiles", trace: "exact", changes: { controlGroup: 11 } },
  { name: "an exact trace, one group", trace: "exact", changes: { controlGroup: "batch" } },
  { name: "probes, groups of two tiles", trace: "hutchinson", changes: { controlGroup: 12 } },
  {
    name: "probes of many dimensions, groups of two tiles",
    trace: "hutchinson",
    changes: { controlGroup: 12 },
    dims: 9,
  },
  { name: "an exact trace of many dimensions", trace: "exact", changes: {}, dims: 8 },
  { name: "energies of many dimensions", trace: "energies", changes: {}, dims: 9 },
  {
    name: "many dimensions, one group",
    trace: null,
    changes: { controlGroup: "batch" },
    dims: 11,
  },
  {
    name: "probes, fixed steps, no first-same-as-last",
    trace: "hutchinson",
    changes: { tableau: midpoint, control: { kind: "fixed", steps: 20 } },
  },
] as const;

for (const { name, trace, changes, ...sizes } of adjointCases) {
  backendTest(`simdEngine()'s adjoint is the portable one: ${name}`, ["cpu"], async () => {
    const rows = 45;
    const shape = { dims: 3, hidden: 16, ...sizes };
    const problem = problemOf(
      shape,
      rows,
      trace === null ? null : trace === "exact" ? { kind: "exact" } : {
        kind: "hutchinson",
        probes: { distribution: "rademacher", key: keyOf(5), firstRow: 0 },
        ...(trace === "energies" ? { energies: true } : {}),
      },
      changes,
    );
    // The first solve of the portable engine cuts the weights into tensors, which stay theirs.
    const portable = await solveAndPullAdjoint(portableEngine("host"), problem);
    const before = tf.memory().numTensors;
    for (const build of ["fastest", "plain"] as const) {
      const results = [];
      for (const threads of [1, 2, 4]) {
        results.push(await solveAndPullAdjoint(simdEngine({ threads, build }), problem));
      }
      assert.deepEqual(results[1], results[0]);
      assert.deepEqual(results[2], results[0]);
      const { y0, parameters, nfe } = results[0]!;
      // Both compute the field in float32; a step that one of them rejects costs a few evaluations.
      assert.ok(relativeError(y0, portable.y0) < 2e-5, `${relativeError(y0, portable.y0)}`);
      const error = relativeError(parameters, portable.parameters);
      assert.ok(error < 2e-5, `${error}`);
      assert.ok(Math.abs(nfe / portable.nfe - 1) < 0.02, `${nfe}, ${portable.nfe}`);
    }
    assert.equal(tf.memory().numTensors, before);
    problem.dispose();
  });
}

backendTest("simdEngine() names the adjoint when the adjoint solve fails", ["cpu"], async () => {
  const problem = problemOf({ dims: 2, hidden: 8 }, 10, { kind: "exact" }, { maxSteps: 40 });
  const before = tf.memory().numTensors;
  await assert.rejects(solveAndPullAdjoint(simdEngine(), problem, 1e-12), (error) => {
    assert.ok(error instanceof FailureError);
    assert.match(error.message, /^adjoint: .*samples 0 to 7, 8 to 9; the first at t = .*budget/);
    return true;
  });
  assert.equal(tf.memory().numTensors, before);
  problem.dispose();
});

backendTest("engines refuse step counts that overflow their counters", ["cpu"], async () => {
  const shape = { dims: 2, hidden: 4 };
  for (const engine of [simdEngine({ threads: 1 }), portableEngine("host")]) {
    for (
      const change of [
        { control: { kind: "fixed", steps: 2 ** 32 + 5 } },
        { control: { kind: "fixed", steps: 0 } },
        { maxSteps: 2 ** 31 },
      ] as const
    ) {
      const problem = problemOf(shape, 8, null, change);
      await assert.rejects(async () => await engine.solve(problem), {
        name: "RangeError",
        message: /expected (fixed steps|maxSteps) from 1 to 2147483647, got/,
      });
      problem.dispose();
    }
  }
});

Deno.test("simdEngine() uses no more threads than help, however many are requested", () => {
  const most = Math.max(16, navigator.hardwareConcurrency);
  assert.equal(simdEngine({ threads: 1_000_000_000 }).threads, most);
  assert.equal(simdEngine({ threads: 5 }).threads, 5);
  assert.equal(simdEngine().threads, navigator.hardwareConcurrency);
});

engineSuite({
  name: "simdEngine()",
  backends: ["cpu"],
  open: () => simdEngine({ threads: 1 }),
  held: heldPages,
  extent: "all",
});

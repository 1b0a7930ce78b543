import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { mlpLayout } from "../../../../src/ops/mlp_field/contract.ts";
import { Parameters } from "../../../../src/core/parameters.ts";
import type {
  Engine,
  FieldSpec,
  GradientMethod,
  SolveProblem,
  TraceMethod,
} from "../../../../src/ode/engines/engine.ts";
import { hostRows } from "../../../../src/ode/engines/portable/host_rows.ts";
import { mlpHostField, mlpTensorField } from "../../../../src/ode/engines/portable/mlp_field.ts";
import { portableEngine } from "../../../../src/ode/engines/portable/portable_engine.ts";
import { dopri5 } from "../../../../src/ode/tableaus/dopri5.ts";
import { rk4 } from "../../../../src/ode/tableaus/rk4.ts";
import { tensorField } from "../../../../src/ode/engines/portable/tensor_field.ts";
import { conditionalMlp } from "../../../../src/nn/mlp/conditional_mlp.ts";
import { FailureError } from "../../../../src/core/errors.ts";
import { relativeError } from "../../../parity/fixtures.ts";
import { backendTest } from "../../../support/backends.ts";
import { engineSuite } from "../../engine_suite.ts";
import { randomNumbers, randomWeights } from "../mlp_problem.ts";

const dims = 3, hidden = 8;
const network = { kind: "mlp", dims, hidden } as const;
const layout = mlpLayout(network);
const single = (count: number, subsequence: number) =>
  Float32Array.from(randomNumbers(count, subsequence));

const traces: Record<string, TraceMethod | null> = {
  "exact trace": { kind: "exact" },
  "Hutchinson's trace": {
    kind: "hutchinson",
    probes: {
      distribution: "gaussian",
      key: { seed: 5, stream: 4, subsequence: 7 },
      firstRow: 0,
    },
  },
  "no trace": null,
};

/** Fixed steps, for comparisons: rounding cannot change the step sequence. */
const fixed = { kind: "fixed", steps: 8 } as const;

/** Twice PyTorch's bounds: a field that bends enough for groups to choose different steps. */
function makeParameters(): Parameters {
  return Parameters.fromFlat(layout, randomWeights(network, 2));
}

function problemOf(
  field: FieldSpec,
  y0: tf.Tensor2D,
  changes: Partial<SolveProblem> = {},
): SolveProblem {
  return {
    field,
    y0,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
    controlGroup: 4,
    maxSteps: 1000,
    keep: { kind: "records" },
    ...changes,
  };
}

/** Solves and pulls a random cotangent back; disposes everything. */
async function solveAndPull(engine: Engine, problem: SolveProblem, method: GradientMethod) {
  const [n, width] = problem.y0.shape;
  const solution = await engine.solve(problem);
  const cotangent = tf.tensor2d(single(n * width, 9), [n, width]);
  const gradient = await engine.pullBack(solution, cotangent, method);
  const result = {
    y1: await solution.y1.data(),
    states: await Promise.all(solution.states.map((state) => state.data())),
    y0: await gradient.y0.data(),
    parameters: await gradient.parameters.data(),
    nfe: await gradient.nfe(),
    reports: await engine.report(solution)(),
  };
  solution.dispose();
  tf.dispose([cotangent, gradient.y0, gradient.parameters]);
  return result;
}

function start(n: number, width: number): tf.Tensor2D {
  return tf.tensor2d(single(n * width, 1), [n, width]);
}

for (const [name, trace] of Object.entries(traces)) {
  backendTest(
    `portableEngine() has one result on host rows and on tensors (${name})`,
    ["cpu"],
    async () => {
      const n = 10;
      const parameters = makeParameters();
      const y0 = start(n, trace === null ? dims : dims + 1);
      const problem = problemOf({ kind: "mlp", dims, hidden, parameters, trace }, y0, {
        control: fixed,
      });
      const methods = [{ kind: "direct" }, { kind: "adjoint", rtol: 1e-5, atol: 1e-5 }] as const;
      for (const method of methods) {
        const host = await solveAndPull(portableEngine("host"), problem, method);
        const tensors = await solveAndPull(portableEngine("tensors"), problem, method);
        assert.deepEqual(tensors.reports, host.reports);
        assert.equal(tensors.nfe, host.nfe);
        for (const key of ["y1", "y0", "parameters"] as const) {
          const error = relativeError(tensors[key], host[key]);
          assert.ok(error < 2e-5, `${method.kind}, ${key}: ${error}`); // float32 state against float64
        }
      }
      tf.dispose(y0);
      parameters.dispose();
    },
  );
}

for (const [name, trace] of Object.entries(traces)) {
  backendTest(
    `the mlp kernel evaluated in pieces has the bits of the whole, ${name}`,
    ["cpu"],
    () => {
      const n = 10;
      const parameters = makeParameters();
      const spec = { kind: "mlp", dims, hidden, parameters, trace } as const;
      const width = trace === null ? dims : dims + 1;
      const values = single(n * width, 3);
      const t = Float64Array.from({ length: n }, (_, row) => row / n);
      // Probes belong to row numbers.
      const rowIds = Int32Array.from({ length: n }, (_, row) => n - 1 - row);
      const ofTensors = (evaluationRows?: number) => {
        const field = mlpTensorField(spec, { rows: n, evaluationRows });
        const slopes = tf.tidy(() =>
          field.evaluate(t, tf.tensor2d(values, [n, width]), rowIds).dataSync()
        );
        field.dispose();
        return slopes;
      };
      const ofHost = (evaluationRows?: number) => {
        const field = mlpHostField(spec, { rows: n, evaluationRows });
        const slopes = field.evaluate(t, hostRows(Float64Array.from(values), n, width), rowIds);
        field.dispose();
        return slopes.data;
      };
      for (const rows of [1, 4, 9]) {
        assert.deepEqual(ofTensors(rows), ofTensors());
        assert.deepEqual(ofHost(rows), ofHost());
      }
      parameters.dispose();
    },
  );
}

backendTest("the mlp kernel and tfjs's own gradients agree through a solve", ["cpu"], async () => {
  const n = 10;
  const parameters = makeParameters();
  const y0 = start(n, dims);
  const velocity = tensorField(
    (tensors, x, t) => conditionalMlp(network, tensors, x, t),
    parameters,
  );
  const methods = [{ kind: "direct" }, { kind: "adjoint", rtol: 1e-5, atol: 1e-5 }] as const;
  for (const rows of ["host", "tensors"] as const) {
    const engine = portableEngine(rows);
    for (const method of methods) {
      const fused = await solveAndPull(
        engine,
        problemOf({ kind: "mlp", dims, hidden, parameters, trace: null }, y0, { control: fixed }),
        method,
      );
      const general = await solveAndPull(
        engine,
        problemOf({ kind: "tensors", field: velocity }, y0, { control: fixed }),
        method,
      );
      assert.deepEqual(general.reports, fused.reports);
      for (const key of ["y1", "y0", "parameters"] as const) {
        const error = relativeError(general[key], fused[key]);
        assert.ok(error < 2e-5, `${rows}, ${method.kind}, ${key}: ${error}`);
      }
    }
  }
  tf.dispose(y0);
  parameters.dispose();
});

backendTest(
  "portableEngine() gives a group the same bits whatever its neighbours",
  ["cpu"],
  async () => {
    const n = 21, trace = { kind: "exact" } as const;
    const parameters = makeParameters();
    const field = { kind: "mlp", dims, hidden, parameters, trace } as const;
    const rows = single(n * (dims + 1), 1);
    for (const home of ["host", "tensors"] as const) {
      const engine = portableEngine(home);
      const solve = async (first: number, end: number) => {
        const y0 = tf.tensor2d(rows.slice(first * (dims + 1), end * (dims + 1)), [
          end - first,
          dims + 1,
        ]);
        const keep = { kind: "times", times: [0, 0.3, 1] } as const;
        const solution = await engine.solve(problemOf(field, y0, { keep }));
        const values = [solution.y1, ...solution.states].map((state) => state.dataSync().slice());
        solution.dispose();
        y0.dispose();
        return values;
      };
      const whole = await solve(0, n);
      for (const [first, end] of [[0, 4], [8, 12], [4, 16], [20, 21]] as const) {
        const part = await solve(first, end);
        whole.forEach((values, i) =>
          assert.deepEqual(part[i], values.slice(first * (dims + 1), end * (dims + 1)))
        );
      }
    }
    parameters.dispose();
  },
);

backendTest(
  "portableEngine() keeps states at given times without changing the end",
  ["cpu"],
  async () => {
    const parameters = makeParameters();
    const y0 = start(6, dims);
    const field = { kind: "mlp", dims, hidden, parameters, trace: null } as const;
    for (const rows of ["host", "tensors"] as const) {
      const engine = portableEngine(rows);
      const [t0, t1] = [1, 0];
      const plain = await engine.solve(problemOf(field, y0, { t0, t1, keep: { kind: "end" } }));
      const times = [1, 0.8, 0.35, 0];
      const kept = await engine.solve(
        problemOf(field, y0, { t0, t1, keep: { kind: "times", times } }),
      );
      assert.equal(plain.states.length, 0);
      assert.deepEqual(kept.y1.dataSync(), plain.y1.dataSync());
      assert.deepEqual(kept.states[0]!.dataSync(), y0.dataSync());
      assert.deepEqual(kept.states[3]!.dataSync(), kept.y1.dataSync());
      const there = await engine.solve(
        problemOf(field, y0, { t0, t1: 0.35, keep: { kind: "end" } }),
      );
      // Both are near the true state at t = 0.35: each step within the tolerance, 1e-5, of its own.
      const error = relativeError(kept.states[2]!.dataSync(), there.y1.dataSync());
      assert.ok(error < 2e-4, `${error}`);
      for (const solution of [plain, kept, there]) solution.dispose();
    }
    y0.dispose();
    parameters.dispose();
  },
);

backendTest("portableEngine() reports failed groups, and refuses to pull them back", [
  "cpu",
  "webgpu",
], async (backend) => {
  // y' = y^2 from 2 blows up at t = 1/2.
  const layoutOfNone = { entries: [], size: 0 };
  const none = Parameters.fromFlat(layoutOfNone, new Float32Array(0));
  const field = { kind: "tensors", field: tensorField((_, x) => tf.square(x), none) } as const;
  const y0 = tf.tensor2d([[0.25], [0.5], [2], [0.5], [-1]]);
  for (const rows of backend.kind === "cpu" ? ["host", "tensors"] as const : ["tensors"] as const) {
    const engine = portableEngine(rows);
    const control = { kind: "adaptive", rtol: 1e-3, atol: 1e-3 } as const;
    const solution = await engine.solve(problemOf(field, y0, { control, controlGroup: 2 }));
    const reports = await engine.report(solution)();
    assert.deepEqual(reports.map((report) => report.failure === null), [true, false, true]);
    assert.ok(Math.abs(reports[1]!.failure!.t - 0.5) < 1e-2);
    const y1 = await solution.y1.data();
    [1 / 3, 1, NaN, NaN, -0.5].forEach((value, i) =>
      assert.ok(
        Number.isNaN(value) ? Number.isNaN(y1[i]) : Math.abs(y1[i]! - value) < 1e-2,
        `${y1}`,
      )
    );
    const pulled = engine.pullBack(solution, y0, { kind: "direct" });
    await assert.rejects(pulled, {
      name: "FailureError",
      message: /samples 2 to 3 at t = 0\.[45]/,
    });
    solution.dispose();
  }
  y0.dispose();
  none.dispose();
});

backendTest("portableEngine() disposes everything when a field throws", ["cpu"], async () => {
  const parameters = makeParameters();
  const y0 = start(6, dims);
  for (const rows of ["host", "tensors"] as const) {
    let calls = 0;
    const field = {
      kind: "tensors",
      field: tensorField((_, x) => {
        if (++calls > 9) throw new Error("the field broke");
        return tf.mul(x, 1);
      }, parameters),
    } as const;
    await assert.rejects(portableEngine(rows).solve(problemOf(field, y0)), /the field broke/);
  }
  y0.dispose();
  parameters.dispose();
});

backendTest("portableEngine() reports what a pull-back needs", ["cpu"], async () => {
  const parameters = makeParameters();
  const y0 = start(2, dims);
  const field = { kind: "mlp", dims, hidden, parameters, trace: null } as const;
  const engine = portableEngine("host");
  const control = { kind: "fixed", steps: 2 } as const;
  const settings = { tableau: rk4, control, keep: { kind: "end" } } as const;
  const solution = await engine.solve(problemOf(field, y0, settings));
  await assert.rejects(engine.pullBack(solution, y0, { kind: "direct" }), /keep.*records/);
  await assert.rejects(
    portableEngine("tensors").pullBack(solution, y0, { kind: "direct" }),
    /another engine/,
  );
  solution.dispose();
  const spent = await engine.solve(
    problemOf(field, y0, { maxSteps: 1, control: { kind: "adaptive", rtol: 1e-9, atol: 1e-9 } }),
  );
  await assert.rejects(engine.pullBack(spent, y0, { kind: "direct" }), FailureError);
  spent.dispose();
  y0.dispose();
  parameters.dispose();
});

engineSuite({
  name: "portableEngine() on host rows",
  backends: ["cpu"],
  open: () => portableEngine("host"),
  extent: "all",
});

const onTensors = {
  name: "portableEngine() on tensors",
  open: () => portableEngine("tensors"),
};
engineSuite({ ...onTensors, backends: ["cpu"], extent: "all" });
engineSuite({ ...onTensors, backends: ["webgpu"], extent: "few" });

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { InputError } from "../../../src/core/errors.ts";
import { Parameters } from "../../../src/core/parameters.ts";
import type { Engine, SolveProblem } from "../../../src/ode/engines/engine.ts";
import { enginesInOrder, solveOn } from "../../../src/ode/engines/engines.ts";
import { enginesOf, openDevice } from "../../../src/ode/engines/open_device.ts";
import { portableEngine } from "../../../src/ode/engines/portable/portable_engine.ts";
import { dopri5 } from "../../../src/ode/tableaus/dopri5.ts";
import { mlpLayout } from "../../../src/ops/mlp_field/contract.ts";
import { backendTest } from "../../support/backends.ts";

/** A problem of one row over an mlp without a trace. */
function problemOf(shape: { readonly dims: number; readonly hidden: number }) {
  const layout = mlpLayout(shape);
  const parameters = Parameters.fromFlat(layout, new Float32Array(layout.size));
  const y0 = tf.ones<tf.Rank.R2>([1, shape.dims]);
  const problem: SolveProblem = {
    field: { kind: "mlp", ...shape, parameters, trace: null },
    y0,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: { kind: "fixed", steps: 1 },
    controlGroup: 1,
    maxSteps: 10,
    keep: { kind: "records" },
  };
  return {
    problem,
    dispose() {
      y0.dispose();
      parameters.dispose();
    },
  };
}

backendTest(
  "openDevice() gives the open backend, and engines for it in order",
  ["cpu"],
  async (backend) => {
    const device = await openDevice("cpu", { threads: 3 });
    assert.equal(device.backend, backend);
    assert.equal(device.reason, "requested");
    assert.equal(device.engines.threads, 3);
    assert.deepEqual(device.engines.inOrder.map(({ name }) => name), [
      "SIMD in WebAssembly, 3 threads",
      "portable, rows on the host",
    ]);
    device.close();
    const points = await openDevice();
    assert.equal(points.backend.kind, "cpu");
    assert.match(points.reason, /points run on the CPU; only training measures/);
  },
);

backendTest("openDevice() keeps rows of a GPU on it", ["webgpu"], async (backend) => {
  assert.deepEqual(enginesOf(backend).inOrder.map(({ name }) => name), [
    "GPU, whole solves in WGSL",
    "GPU, step control in WGSL",
    "portable, rows in tensors",
  ]);
  await assert.rejects(openDevice("webgpu", { portableBits: true }), InputError);
});

backendTest(
  "firstThatSupports() leaves to the next engine what does not fit the first, by shapes alone",
  [
    "cpu",
  ],
  async (backend) => {
    const engines = enginesOf(backend);
    const [simd, portable] = engines.inOrder;
    const small = problemOf({ dims: 2, hidden: 8 });
    assert.equal(engines.firstThatSupports(small.problem), simd);
    const { engine, solution } = await solveOn(engines, small.problem);
    assert.equal(engine, simd);
    solution.dispose();
    // A recorded step of a control group is contiguous: 2^20 rows are too many.
    const y0 = tf.zeros<tf.Rank.R2>([2 ** 20, 2]);
    const large: SolveProblem = { ...small.problem, y0, controlGroup: "batch" };
    assert.equal(engines.firstThatSupports(large), portable);
    assert.equal(engines.firstThatSupports({ ...large, controlGroup: 8 }), simd);
    const support = simd!.supports(large);
    assert.ok(support.kind === "no");
    assert.match(support.reasons.join(), /1048576 rows and a control group of batch do not fit/);
    y0.dispose();
    small.dispose();
  },
);

backendTest(
  "firstThatSupports() gives every engine's reasons where none takes a problem",
  ["cpu"],
  () => {
    const picky = (name: string, reason: string): Engine => ({
      ...portableEngine("host"),
      name,
      supports: () => ({ kind: "no", reasons: [reason] }),
    });
    const engines = enginesInOrder(picky("one", "too wide"), picky("other", "too long"));
    const { problem, dispose } = problemOf({ dims: 2, hidden: 8 });
    assert.throws(() => engines.firstThatSupports(problem), {
      name: "RangeError",
      message: "solve: no engine supports this problem; one: too wide; other: too long",
    });
    dispose();
  },
);

Deno.test("openDevice() refuses unknown backends and invalid thread counts", async () => {
  await assert.rejects(openDevice("gpu" as never), {
    name: "InputError",
    message: 'backend: expected "cpu" or "webgpu", got "gpu"',
  });
  for (const threads of [0, -1, 1.5, NaN]) {
    await assert.rejects(openDevice("cpu", { threads }), {
      name: "InputError",
      message: `threads: expected a whole number of at least 1, got ${threads}`,
    });
  }
});

backendTest("solveOn() refuses a time that is not finite", ["cpu"], async (backend) => {
  const { problem, dispose } = problemOf({ dims: 2, hidden: 8 });
  for (const engine of enginesOf(backend).inOrder) {
    await assert.rejects(engine.solve({ ...problem, t1: NaN }), /finite t0 and t1, got 0 and NaN/);
  }
  dispose();
});

backendTest(
  "openDevice() has a remark, once, on solves that the GPU engine does not take",
  ["webgpu", "cpu"],
  async ({ kind }) => {
    const { problem, dispose } = problemOf({ dims: 2, hidden: 4 });
    const adaptive = (tolerance: number) =>
      ({ kind: "adaptive", rtol: tolerance, atol: tolerance }) as const;
    const fine: SolveProblem = { ...problem, control: adaptive(1e-7) };
    const y0 = tf.ones<tf.Rank.R2>([33, 2]);
    const wide: SolveProblem = { ...problem, y0, controlGroup: "batch" };
    const tensors = { ...fine, field: { kind: "tensors" } } as unknown as SolveProblem;
    for (
      const [refused, reason] of [
        [fine, /float32 takes tolerances from 0\.000001, not 1e-7$/],
        [wide, /control groups of at most 32 rows, not 33$/],
      ] as const
    ) {
      const remarks: string[] = [];
      const onSlowSolves = (remark: string) => remarks.push(remark);
      const { engines } = await openDevice(kind, { onSlowSolves });
      const taken: SolveProblem = { ...problem, control: adaptive(1e-6) };
      for (const one of [taken, tensors, refused, refused, taken]) engines.firstThatSupports(one);
      if (kind === "cpu") {
        assert.deepEqual(remarks, []);
        continue;
      }
      assert.equal(remarks.length, 1);
      assert.match(remarks[0]!, /^solves run as tensor operations, slower.*`backend: "cpu"`; the/);
      assert.match(remarks[0]!, reason);
    }
    y0.dispose();
    dispose();
  },
);

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Backend } from "../../../../../src/backends/backend.ts";
import { gpuOf } from "../../../../../src/backends/gpu/gpu.ts";
import { Stopped, stopWord } from "../../../../../src/core/stop.ts";
import { Parameters } from "../../../../../src/core/parameters.ts";
import { layoutOf } from "../../../../../src/core/parameters.ts";
import { piController, pidController } from "../../../../../src/ode/controllers.ts";
import type { Engine, SolveProblem } from "../../../../../src/ode/engines/engine.ts";
import { gpuTensorEngine } from "../../../../../src/ode/engines/gpu/attempts/tensor_engine.ts";
import { portableEngine } from "../../../../../src/ode/engines/portable/portable_engine.ts";
import { tensorField } from "../../../../../src/ode/engines/portable/tensor_field.ts";
import { defineTableau } from "../../../../../src/ode/tableau.ts";
import { tableaus } from "../../../../../src/ode/tableaus.ts";
import { dopri5 } from "../../../../../src/ode/tableaus/dopri5.ts";
import { rk4 } from "../../../../../src/ode/tableaus/rk4.ts";
import { relativeError } from "../../../../parity/fixtures.ts";
import { backendTest } from "../../../../support/backends.ts";
import { countGpuCalls } from "../../../../support/gpu_calls.ts";
import { randomNumbers } from "../../mlp_problem.ts";

/** Two stages, of which the last is not the next one's first. Source: Hairer, Norsett, Wanner, section II.4. */
const heunEuler = defineTableau({
  name: "heun-euler",
  order: 2,
  c: [0, 1],
  a: [[], [1]],
  b: [1 / 2, 1 / 2],
  bError: [-1 / 2, 1 / 2],
});

/** Coarse enough that float32 rounds no decision the other way. */
const adaptive = { kind: "adaptive", rtol: 1e-4, atol: 1e-4 } as const;

const layout = layoutOf([{ kind: "linear", name: "out", inputs: 2, outputs: 2 }]);

/** y' = y A + 3 t y for pairs of numbers, A a decaying rotation: rows of any even width. */
function problemOf(rows: number, width: number, changes: Partial<SolveProblem> = {}) {
  const parameters = Parameters.fromFlat(layout, Float32Array.of(-0.4, 2.5, -2.5, -0.4, 0, 0));
  const velocity = (tensors: readonly tf.Tensor[], y: tf.Tensor2D, t: tf.Tensor1D) => {
    const [n, width] = y.shape;
    const pairs = tf.reshape(y, [n * width / 2, 2]) as tf.Tensor2D;
    const turned = tf.reshape(tf.matMul(pairs, tensors[0] as tf.Tensor2D), [n, width]);
    return tf.add(turned, tf.mul(y, tf.mul(tf.reshape(t, [n, 1]), 3))) as tf.Tensor2D;
  };
  const field = tensorField(
    (tensors, y, t) => velocity(tensors, y, tf.tensor1d(Float32Array.from(t))),
    parameters,
  );
  const problem: SolveProblem = {
    field: {
      kind: "tensors",
      field,
      atDeviceTimes: (y, t) => tf.tidy(() => velocity(parameters.tensors, y, t)),
    },
    y0: { shape: [rows, width], values: Float32Array.from(randomNumbers(rows * width, 20)) },
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: adaptive,
    controlGroup: 2,
    maxSteps: 1000,
    keep: { kind: "end" },
    ...changes,
  };
  return { problem, dispose: () => parameters.dispose() };
}

async function solved(engine: Engine, problem: SolveProblem) {
  const solution = await engine.solve(problem);
  try {
    const y1 = Float32Array.from(await solution.y1.data<"float32">());
    return { y1, reports: await engine.report(solution)() };
  } finally {
    solution.dispose();
  }
}

/** Batches of as many attempts as there may be, and of one. */
const atOnce = () => 0;
const oneByOne = () => {
  let nowMs = 0;
  return () => nowMs += 1000;
};

const engineOn = (backend: Backend, clock: () => number = atOnce) =>
  gpuTensorEngine(gpuOf(backend), { clock });

backendTest(
  "gpuTensorEngine() takes the steps of the portable engine, with every method and controller",
  ["webgpu"],
  async (backend) => {
    const engine = engineOn(backend), portable = portableEngine("tensors");
    const cases: Partial<SolveProblem>[] = [
      ...Object.values(tableaus).map((tableau) => ({
        tableau,
        control: tableau.bError === null ? { kind: "fixed", steps: 5 } as const : adaptive,
      })),
      // With several groups the portable engine evaluates first slopes again that a rejected group has.
      {
        tableau: heunEuler,
        control: { ...adaptive, rtol: 1e-2, atol: 1e-2 },
        controlGroup: "batch",
      },
      { control: { ...adaptive, controller: piController }, t0: 1, t1: 0 },
      { control: { ...adaptive, controller: pidController }, controlGroup: "batch" },
      { control: { ...adaptive, firstStep: 0.5 } },
      { control: { kind: "fixed", steps: 3 }, t0: 1, t1: -0.5 },
    ];
    for (const changes of cases) {
      const { problem, dispose } = problemOf(5, 2, changes);
      const name = JSON.stringify([problem.tableau.name, changes.control, changes.t0]);
      const expected = await solved(portable, problem), found = await solved(engine, problem);
      assert.deepEqual(found.reports, expected.reports, name);
      const error = relativeError(found.y1, expected.y1);
      // Times and steps are rounded to float32.
      assert.ok(error < 2e-5, `${name}: ${error}`);
      dispose();
    }
  },
);

backendTest(
  "gpuTensorEngine() has the same bits whatever is recorded ahead, and sums large groups",
  ["webgpu"],
  async (backend) => {
    // Five parts of 4,096 numbers, the last one of 616; a group of one row, with parts that are empty.
    const { problem, dispose } = problemOf(3, 8500);
    const ahead = await solved(engineOn(backend), problem);
    assert.deepEqual(await solved(engineOn(backend, oneByOne()), problem), ahead);
    assert.deepEqual(ahead.reports, (await solved(portableEngine("tensors"), problem)).reports);
    dispose();
  },
);

backendTest(
  "gpuTensorEngine() waits once per batch of attempts, creates no buffer after the first solve",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const solve = async (clock: () => number, changes: Partial<SolveProblem> = {}) => {
      const { reads, buffers, used } = gpu.counts, { numTensors } = tf.memory();
      const control = { ...adaptive, rtol: 1e-6, atol: 1e-6 };
      const { problem, dispose } = problemOf(2, 2, { control, controlGroup: "batch", ...changes });
      const counter = countGpuCalls();
      const { reports: [report] } = await solved(engineOn(backend, clock), problem);
      const calls = counter.calls();
      counter.stop();
      const after = gpu.counts;
      dispose();
      assert.deepEqual([after.used, tf.memory().numTensors], [used, numTensors]);
      return {
        ...calls,
        reads: after.reads - reads,
        ours: after.buffers - buffers,
        attempts: report!.accepted + report!.rejected,
        nfe: report!.nfe,
      };
    };
    // An evaluation takes four, and one for its input; an attempt ends with squares, decision and commit; the
    // choice of the first step takes two evaluations, three norms and three decisions.
    const recordedBy = (dispatches: number) => (dispatches - (2 * 5 + 6)) / (6 * 5 + 3);
    await solve(atOnce);
    const { attempts, dispatches, nfe, buffers, ours, reads, submits, writes } = await solve(
      atOnce,
    );
    assert.ok(attempts > 9 && attempts <= 18, `${attempts} attempts`);
    // Of one attempt, one, eight and the rest; the result is another read.
    assert.deepEqual({ buffers, ours, reads, submits }, {
      buffers: 0,
      ours: 0,
      reads: 4,
      submits: 5,
    });
    assert.equal(nfe, 2 + 6 * attempts);
    // Steps that grew at the end are recorded in vain.
    const recorded = recordedBy(dispatches);
    assert.ok(recorded >= attempts && recorded <= attempts + 4, `${recorded} for ${attempts}`);
    // The commands of an attempt are recorded again: the host writes the numbers of the first alone.
    const coarse = await solve(atOnce, { control: { ...adaptive, rtol: 1e-3, atol: 1e-3 } });
    assert.ok(coarse.attempts < attempts);
    assert.equal(coarse.writes, writes);
    // Attempts of a second each: two at first, then none before the last one is known.
    const single = await solve(oneByOne());
    assert.equal(recordedBy(single.dispatches), single.attempts);
    assert.equal(single.reads, single.attempts);
    const fixed = { tableau: rk4, control: { kind: "fixed", steps: 10 } } as const;
    await solve(atOnce, fixed);
    const calls = await solve(atOnce, fixed);
    // Of 1, 1 and 8.
    assert.deepEqual([calls.submits, calls.buffers, calls.reads], [4, 0, 3]);
  },
);

backendTest(
  "gpuTensorEngine() is ahead by two attempts of 50 ms, and by one of 200 ms once that is known",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend), control = { ...adaptive, rtol: 1e-6, atol: 1e-6 };
    const { problem, dispose } = problemOf(2, 2, { control, controlGroup: "batch" });
    // Each batch takes two readings: the clock goes on by half of it.
    for (
      const [halfMs, expected] of [[25, [1, 2, 2, 2, 2, 2]], [100, [1, 2, 2, 1, 1, 1]]] as const
    ) {
      const reads: number[] = [];
      const clock = () => halfMs * reads.push(gpu.counts.reads);
      await solved(engineOn(backend, clock), problem);
      const ahead: number[] = [];
      let batches = 0;
      for (const [i, before] of reads.slice(0, -1).entries()) {
        // The first reading of a batch comes before its copy, the other after it was read.
        const isBegin = reads[i + 1]! > before;
        batches += isBegin ? 1 : -1;
        if (isBegin) ahead.push(batches);
      }
      assert.deepEqual(ahead.slice(0, 6), expected);
    }
    dispose();
  },
);

backendTest("gpuTensorEngine() reports failures as values", ["webgpu"], async (backend) => {
  const engine = engineOn(backend), portable = portableEngine("tensors");
  // From t = 1 a step that shrinks vanishes beside t soon.
  const { problem, dispose } = problemOf(5, 2, { t0: 1, t1: 2 });
  const good = await solved(engine, problem);
  const { shape, values } = problem.y0 as Extract<SolveProblem["y0"], { values: unknown }>;
  const spoilt = values.slice();
  spoilt[4] = NaN;
  for (const control of [adaptive, { kind: "fixed", steps: 4 }] as const) {
    const failing = { ...problem, y0: { shape, values: spoilt }, control };
    const { y1, reports } = await solved(engine, failing);
    const expected = (await solved(portable, failing)).reports;
    assert.deepEqual(
      reports.map(({ failure }) => failure?.kind),
      expected.map(({ failure }) => failure?.kind),
    );
    assert.equal(reports[1]!.failure?.kind, "nonFinite");
    assert.equal(reports[1]!.failure.t, 1);
    assert.deepEqual([...y1].map(Number.isNaN), [...y1].map((_, i) => i >= 4 && i < 8));
    if (control.kind === "adaptive") {
      assert.deepEqual(y1.subarray(0, 4), good.y1.subarray(0, 4));
    }
  }
  const far = { shape, values: values.map((value) => 1e30 * value) };
  const ended = await solved(engine, { ...problem, y0: far, control: { kind: "fixed", steps: 4 } });
  assert.deepEqual(ended.reports.map(({ failure }) => failure), [null, null, null]);
  const short = await solved(engine, { ...problem, maxSteps: 2 });
  const { reports } = await solved(portable, { ...problem, maxSteps: 2 });
  short.reports.forEach(({ failure, ...report }, i) => {
    const { failure: expected, ...others } = reports[i]!;
    assert.deepEqual(report, others);
    assert.equal(failure?.kind, "maxStepsReached");
    for (const name of ["t", "h"] as const) {
      assert.ok(Math.abs(failure[name] / expected![name] - 1) < 1e-3, `${name}: ${failure[name]}`);
    }
  });
  dispose();
});

backendTest("gpuTensorEngine() stops where it is told to", ["webgpu"], async (backend) => {
  const { problem, dispose } = problemOf(5, 2);
  const engine = engineOn(backend);
  await solved(engine, problem);
  const { used } = gpuOf(backend).counts, { numTensors } = tf.memory();
  // The clock is read once per batch.
  let readings = 0;
  const stopping = engineOn(backend, () => {
    if (++readings === 4) Atomics.store(stopWord, 0, 1);
    return 0;
  });
  try {
    await assert.rejects(stopping.solve(problem), Stopped);
  } finally {
    Atomics.store(stopWord, 0, 0);
  }
  assert.deepEqual([gpuOf(backend).counts.used, tf.memory().numTensors], [used, numTensors]);
  dispose();
});

backendTest(
  "gpuTensorEngine() that is stopped between attempts overwrites no later tensor",
  ["webgpu"],
  async (backend) => {
    const control = { ...adaptive, rtol: 1e-6, atol: 1e-6 };
    const { problem, dispose } = problemOf(5, 2, { control });
    await solved(engineOn(backend), problem);
    let readings = 0, copies = 0;
    const stopping = engineOn(backend, () => {
      readings++;
      return 0;
    });
    const { prototype } = GPUCommandEncoder, { copyBufferToBuffer } = prototype;
    // The signal arrives in the middle of a batch of recorded attempts.
    prototype.copyBufferToBuffer = function (this: GPUCommandEncoder, ...given: unknown[]) {
      if (readings >= 4 && ++copies === 8) Atomics.store(stopWord, 0, 1);
      return copyBufferToBuffer.apply(this, given as never);
    } as typeof copyBufferToBuffer;
    try {
      await assert.rejects(stopping.solve(problem), Stopped);
    } finally {
      Atomics.store(stopWord, 0, 0);
      prototype.copyBufferToBuffer = copyBufferToBuffer;
    }
    assert.ok(copies >= 8);
    for (const shape of [[5], [5, 2]]) {
      const numbers = Array.from({ length: tf.util.sizeFromShape(shape) }, (_, i) => i);
      const later = tf.tidy(() => tf.mul(tf.tensor(numbers, shape), 1));
      assert.deepEqual([...await later.data()], numbers);
      later.dispose();
    }
    dispose();
  },
);

backendTest(
  "gpuTensorEngine() pulls back by the adjoint, and says what it does not take",
  ["webgpu"],
  async (backend) => {
    const engine = engineOn(backend), portable = portableEngine("tensors");
    const { problem, dispose } = problemOf(3, 2, { control: { kind: "fixed", steps: 8 } });
    const gradientOf = async (engine: Engine, problem: SolveProblem) => {
      const solution = await engine.solve(problem);
      const cotangent = tf.ones<tf.Rank.R2>([3, 2]);
      const method = { kind: "adjoint", rtol: 1e-4, atol: 1e-4 } as const;
      const { y0, parameters } = await engine.pullBack(solution, cotangent, method);
      const numbers = [...await y0.data(), ...await parameters.data()];
      const direct = engine.pullBack(solution, cotangent, { kind: "direct" });
      await assert.rejects(direct, { name: "TypeError", message: /records/ });
      solution.dispose();
      tf.dispose([cotangent, y0, parameters]);
      return numbers;
    };
    const adjoint = { ...problem, control: adaptive };
    const error = relativeError(
      await gradientOf(engine, adjoint),
      await gradientOf(portable, adjoint),
    );
    assert.ok(error < 1e-4, `${error}`);
    const { field } = problem;
    assert.ok(field.kind === "tensors");
    for (
      const [changes, reason] of [
        [{ field: { kind: "tensors", field: field.field } }, /times may be on the device/],
        [{ keep: { kind: "records" } }, /keeps no records/],
        [{ keep: { kind: "times", times: [0.5] } }, /keeps no times/],
        [{ t1: 0 }, /at least one step/],
        [
          { control: { ...adaptive, rtol: 1e-9, atol: 1e-7 } },
          /tolerances from 0.000001, not 1e-7/,
        ],
      ] as const
    ) {
      const support = engine.supports({ ...problem, ...changes });
      assert.match(support.kind === "no" ? support.reasons.join() : "", reason);
      await assert.rejects(engine.solve({ ...problem, ...changes }), { message: reason });
    }
    for (
      const wrong of [{ controlGroup: 0 }, { maxSteps: 0 }, { control: adaptive, tableau: rk4 }]
    ) {
      await assert.rejects(engine.solve({ ...problem, ...wrong }), { name: "RangeError" });
    }
    dispose();
  },
);

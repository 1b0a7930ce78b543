import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { type Gpu, gpuOf } from "../../../../../src/backends/gpu/mod.ts";
import { recordPullBack } from "../../../../../src/ode/engines/gpu/pull_back/record_pull_back.ts";
import { requireWholePullBacks } from "../../../../../src/ode/engines/gpu/pull_back/progress.ts";
import { packParameters } from "../../../../../src/ode/engines/gpu/packing.ts";
import type { PullBackTuning } from "../../../../../src/ode/engines/gpu/pull_back/plan.ts";
import type { WantedTile } from "../../../../../src/ode/engines/gpu/tiles/thread_tile.ts";
import { dopri5 } from "../../../../../src/ode/tableaus/dopri5.ts";
import { euler } from "../../../../../src/ode/tableaus/euler.ts";
import { rk4 } from "../../../../../src/ode/tableaus/rk4.ts";
import { relativeError } from "../../../../parity/fixtures.ts";
import { backendTest } from "../../../../support/backends.ts";
import { withGridLimit } from "../../../../support/grid_limit.ts";
import { chunksOf, numbersOf, type RecordedCase, solveAndReplay } from "./recorded_solve.ts";

const adaptive = (tolerance: number) =>
  ({ kind: "adaptive", rtol: tolerance, atol: tolerance }) as const;

/** A case, and a tile that has the bits of the usual one. */
interface Case extends RecordedCase {
  readonly chunkSteps: number;
  readonly tile?: WantedTile;
  /** Workgroups per dimension with which the weights are packed and the partial sums added in a grid. */
  readonly gridLimit?: number;
}

/** One row, primes, padded widths, groups of several tiles, more dimensions than quads. */
const cases: readonly Case[] = [
  {
    ...{ dims: 2, hidden: 32, trace: "exact", rows: 13, groupRows: 8 },
    ...{ tableau: dopri5, control: adaptive(1e-4), chunkSteps: 4 },
    tile: { rows: 1, quads: 2, unroll: 2 },
    gridLimit: 16,
  },
  {
    // The same shader: tiles of eight rows and of three.
    ...{ dims: 2, hidden: 32, trace: "exact", rows: 37, groupRows: 11 },
    ...{ tableau: rk4, control: { kind: "fixed", steps: 3 }, chunkSteps: 3 },
  },
  {
    ...{ dims: 1, hidden: 6, trace: "exact", rows: 1, groupRows: 1 },
    ...{ tableau: dopri5, control: adaptive(1e-4), chunkSteps: 64 },
  },
  {
    ...{ dims: 3, hidden: 10, trace: "none", rows: 13, groupRows: 5, isReversed: true },
    ...{ tableau: rk4, control: { kind: "fixed", steps: 5 }, chunkSteps: 2 },
  },
  {
    // Two passes of three tangents, the last of which is none.
    ...{ dims: 5, hidden: 6, trace: "exact", rows: 7, groupRows: 4 },
    ...{ tableau: rk4, control: { kind: "fixed", steps: 2 }, chunkSteps: 2 },
  },
  {
    // So many that probes come in a pass of their own.
    ...{ dims: 816, hidden: 4, trace: "hutchinson", rows: 2, groupRows: 1 },
    ...{ tableau: euler, control: { kind: "fixed", steps: 2 }, chunkSteps: 2 },
  },
  {
    // 516 tiles for 512 partial sums.
    ...{ dims: 5, hidden: 6, trace: "hutchinson", rows: 1546, groupRows: 3 },
    ...{ tableau: euler, control: { kind: "fixed", steps: 2 }, chunkSteps: 2 },
  },
];

/** The gradient of recorded steps on the device. */
async function pulledBack(
  gpu: Gpu,
  given: Case,
  steps: Awaited<ReturnType<typeof solveAndReplay>>["steps"],
  tuning: PullBackTuning = {},
) {
  const { dims, hidden, trace, rows, groupRows, tableau, chunkSteps } = given;
  const { parameters, probes, cotangent, width } = numbersOf(given);
  const flat = gpu.upload(parameters);
  const weights = packParameters(gpu, { dims, hidden }, flat);
  const chunks = chunksOf(gpu, given, { steps, chunkSteps });
  const ofProbes = trace === "hutchinson" ? gpu.upload(probes) : null;
  const ofY1 = tf.tensor2d(cotangent, [rows, width]);
  const stages = tableau.firstSameAsLast ? tableau.c.length - 1 : tableau.c.length;
  const shape = { dims, hidden, trace, rows, groupRows, stages, chunkSteps };
  const inputs = { shape, tableau, weights, chunks, probes: ofProbes, cotangent: ofY1 };
  const gradient = recordPullBack(gpu, inputs, tuning);
  const y0 = Float32Array.from(await gradient.y0.data());
  const ofParameters = Float32Array.from(await gradient.parameters.data());
  for (const buffer of [flat, weights, ...chunks]) buffer.release();
  ofProbes?.release();
  tf.dispose([ofY1, gradient.y0, gradient.parameters]);
  return { y0, parameters: ofParameters };
}

for (const given of cases) {
  const { rows, dims, hidden, trace, tableau, groupRows } = given;
  const title =
    `${rows} rows in groups of ${groupRows}, ${dims}-${hidden}, trace ${trace}, ${tableau.name}`;
  backendTest(
    `recordPullBack() has the gradient of float64: ${title}`,
    ["webgpu"],
    async (backend) => {
      const gpu = gpuOf(backend);
      const exact = await solveAndReplay(given);
      const before = gpu.counts.used;
      const got = await pulledBack(gpu, given, exact.steps);
      await requireWholePullBacks(gpu);
      // Float32 over a dozen steps; weights of 1.5 times PyTorch's bounds.
      const ofY0 = relativeError(got.y0, exact.y0);
      assert.ok(ofY0 < 1e-5, `y0: ${ofY0}`);
      const ofParameters = relativeError(got.parameters, exact.parameters);
      assert.ok(ofParameters < 1e-5, `parameters: ${ofParameters}`);

      // Whatever a dispatch may replay, the sums are the same.
      for (const stepsPerDispatch of [1, 3]) {
        const { y0, parameters } = await pulledBack(gpu, given, exact.steps, { stepsPerDispatch });
        assert.deepEqual(y0, got.y0);
        assert.deepEqual(parameters, got.parameters);
      }
      if (given.tile !== undefined) {
        const { y0, parameters } = await pulledBack(gpu, given, exact.steps, { tile: given.tile });
        assert.deepEqual(y0, got.y0);
        assert.deepEqual(parameters, got.parameters);
      }
      if (given.gridLimit !== undefined) {
        const work = () => pulledBack(gpu, given, exact.steps);
        assert.deepEqual(await withGridLimit(gpu, given.gridLimit, work), got);
      }
      // The tables of the network stay on the device, and the progress.
      assert.ok(gpu.counts.used - before <= 3);
    },
  );
}

backendTest("a pull-back that a driver cuts short has no gradient", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend), given = { ...cases[2]!, chunkSteps: 1024 };
  const { steps: [first] } = await solveAndReplay(given);
  const small = { ...first!, h: Float64Array.of(1e-3) };
  const steps = Array.from({ length: 1024 }, () => small);
  const whole = await pulledBack(gpu, given, steps);
  await requireWholePullBacks(gpu);
  assert.ok(whole.parameters.every(Number.isFinite));
  // All in one dispatch: some 100,000 iterations.
  const cut = await pulledBack(gpu, given, steps, { stepsPerDispatch: 2000 });
  if (/llvmpipe/.test(backend.description)) {
    assert.ok(cut.parameters.every(Number.isNaN));
    await assert.rejects(requireWholePullBacks(gpu), { name: "FailureError", message: /65,535/ });
  } else assert.deepEqual(cut, whole);
  assert.deepEqual(await pulledBack(gpu, given, steps), whole);
  await requireWholePullBacks(gpu);
});

backendTest(
  "a solve without steps has its own cotangent and no gradient",
  ["webgpu"],
  async (backend) => {
    const given = cases[2]!;
    const { y0, parameters } = await pulledBack(gpuOf(backend), given, []);
    assert.deepEqual(y0, numbersOf(given).cotangent);
    assert.ok(parameters.every((value) => value === 0));
  },
);

import assert from "node:assert/strict";
import { type Gpu, gpuOf, type PooledBuffer } from "../../../../src/backends/gpu/mod.ts";
import { stepsOf } from "../../../../src/flows/losses/step_prediction.ts";
import {
  type ControlField,
  controlFields,
  groupStatus,
} from "../../../../src/ode/engines/gpu/control.ts";
import { FIGURES_BYTES, readFigures } from "../../../../src/train/steps/gpu/figures.ts";
import { likelihoodProgram } from "../../../../src/train/steps/gpu/likelihood_wgsl.ts";
import {
  penaltyProgram,
  widenProgram,
  widenWorkgroups,
} from "../../../../src/train/steps/gpu/penalty_wgsl.ts";
import { relativeError } from "../../../parity/fixtures.ts";
import { backendTest } from "../../../support/backends.ts";
import { randomNumbers } from "../../../ode/engines/mlp_problem.ts";

/** Steps taken before, and the place of the figures. */
const STEP = 260, PLACE = 4;

const numbersOf = (count: number, subsequence: number, scale = 1) =>
  Float32Array.from(randomNumbers(count, subsequence), (value) => scale * value);

/** States of groups that are finished; group g after 2 g + 1 evaluations and g attempts. */
function finishedGroups(groups: number): Uint32Array<ArrayBuffer> {
  const names = Object.keys(controlFields) as ControlField[];
  const words = new Uint32Array(groups * names.length);
  for (let group = 0; group < groups; group++) {
    const set = (name: ControlField, value: number) =>
      words[group * names.length + names.indexOf(name)] = value;
    set("status", groupStatus.finished);
    set("nfe", 2 * group + 1);
    set("accepted", group);
  }
  return words;
}

/** Whole numbers, and a real one after them. */
function jobOf(words: readonly number[], real: number): Float32Array {
  const numbers = new Float32Array(words.length + 1);
  new Uint32Array(numbers.buffer).set(words);
  numbers[words.length] = real;
  return numbers;
}

/** Runs a kernel of one workgroup, twice for the same bits; returns its figures and its cotangent. */
async function examined(
  gpu: Gpu,
  name: "likelihood" | "penalty",
  { dims, groups, job, states }: {
    readonly dims: number;
    readonly groups: number;
    readonly job: Float32Array;
    readonly states: readonly Float32Array[];
  },
) {
  const held: PooledBuffer[] = [];
  const hold = (buffer: PooledBuffer) => (held.push(buffer), buffer);
  const controls = finishedGroups(groups);
  const run = async () => {
    const given = [job, ...states, controls].map((data) => hold(gpu.upload(data)));
    const cotangent = hold(gpu.scratch(states[0]!.byteLength));
    const late = hold(gpu.scratch(FIGURES_BYTES)), failed = hold(gpu.scratch(controls.byteLength));
    gpu.clear(late);
    const program = (name === "likelihood" ? likelihoodProgram : penaltyProgram)(dims);
    gpu.record(gpu.program(program), [...given, cotangent, late, failed], 1);
    const [figures, ofStates] = await Promise.all([gpu.read(late), gpu.read(cotangent)]);
    for (const buffer of held.splice(0)) buffer.release();
    const { verdict, at } = readFigures(figures);
    return { verdict, figures: at(STEP), cotangent: new Float32Array(ofStates) };
  };
  const once = await run();
  assert.deepEqual(await run(), once);
  assert.equal(once.verdict, 0);
  return once;
}

// One row, primes, and either side of the 256 threads, for rows as for groups.
backendTest(
  "the likelihood of a batch and its cotangent are those of float64",
  ["webgpu"],
  async (backend) => {
    for (const [dims, rows] of [[1, 1], [1, 257], [3, 13], [3, 255], [3, 2053]] as const) {
      const width = dims + 1, groups = Math.ceil(rows / 8);
      const ends = numbersOf(rows * width, 31);
      const normalizer = dims / 2 * Math.log(2 * Math.PI);
      const job = jobOf([rows, groups, PLACE, STEP + 1], normalizer);
      const { figures, cotangent } = await examined(gpuOf(backend), "likelihood", {
        ...{ dims, groups, job, states: [ends] },
      });
      let sum = 0;
      const slopes = Float64Array.from(ends, (value, i) => {
        const isPosition = i % width < dims;
        sum += isPosition ? value ** 2 / 2 : value;
        return (isPosition ? value : 1) / rows;
      });
      const shape = `${rows} rows of ${dims} dimensions`;
      assert.ok(Math.abs(figures.loss - (sum / rows + normalizer)) < 2e-6, shape);
      assert.ok(relativeError(cotangent, slopes) < 2e-7, shape);
      assert.deepEqual([figures.step, figures.nfe, figures.attempts], [
        STEP + 1,
        groups ** 2,
        groups - 1,
      ]);
    }
  },
);

backendTest(
  "the predicted number of steps and its cotangent are those of float64",
  ["webgpu"],
  async (backend) => {
    const weight = 0.3;
    for (
      const [dims, rows, groupRows] of [
        ...[[1, 1, 1], [1, 2053, 8], [3, 13, 5], [3, 31, 31]] as const,
      ]
    ) {
      const width = dims + 1, groups = Math.ceil(rows / groupRows);
      const start = numbersOf(rows * width, 32, 1e-3);
      // Errors from a tenth of the tolerance to ten times as much; in some groups those of the density are larger.
      const error = numbersOf(rows * width, 33, 1e-5);
      const end = start.map((value, i) => {
        const group = Math.floor(i / width / groupRows);
        return value + error[i]! * 10 ** (i % width < dims ? group % 3 - 1 : (group + 1) % 3 - 1);
      });
      const job = jobOf([rows, groups, groupRows, PLACE], weight);
      const { figures, cotangent } = await examined(gpuOf(backend), "penalty", {
        ...{ dims, groups, job, states: [start, end] },
      });
      const right = stepsOf({ start, end }, { width, dims, controlGroup: groupRows });
      const shape = `${rows} rows of ${dims} dimensions in groups of ${groupRows}`;
      const gap = Math.abs(figures.predictedSteps / right.steps - 1);
      assert.ok(gap < 2e-6, `${shape}: ${gap}`);
      const ofEnd = relativeError(cotangent, right.cotangent.map((value) => weight * value));
      assert.ok(ofEnd < 2e-6, `${shape}: ${ofEnd}`);
      assert.equal(figures.prefixAttempts, groups - 1);
    }
  },
);

backendTest("rows get a column of zeros, however many", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  // The last has more numbers than 256 workgroups take at once.
  for (const [dims, rows] of [[1, 1], [3, 13], [3, 4099]] as const) {
    const from = gpu.upload(Float32Array.from({ length: rows * dims }, (_, i) => i + 1));
    const to = gpu.scratch(4 * rows * (dims + 1));
    gpu.record(gpu.program(widenProgram(dims)), [from, to], widenWorkgroups(dims, rows));
    const found = new Float32Array(await gpu.read(to));
    const expected = found.map((_, i) => {
      const row = Math.floor(i / (dims + 1)), d = i % (dims + 1);
      return d < dims ? row * dims + d + 1 : 0;
    });
    assert.deepEqual(found, expected);
    for (const buffer of [from, to]) buffer.release();
  }
});

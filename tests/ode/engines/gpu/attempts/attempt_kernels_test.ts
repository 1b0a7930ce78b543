import assert from "node:assert/strict";
import { gpuOf } from "../../../../../src/backends/gpu/gpu.ts";
import {
  commitProgram,
  ELEMENTS,
  inputKinds,
  inputProgram,
  NUMBERS_PER_PART,
  squaredKinds,
  squaresProgram,
} from "../../../../../src/ode/engines/gpu/attempts/attempt_wgsl.ts";
import { FINITE_SCALE } from "../../../../../src/ode/engines/gpu/job.ts";
import { dopri5 } from "../../../../../src/ode/tableaus/dopri5.ts";
import { rk4Classic } from "../../../../../src/ode/tableaus/rk4_classic.ts";
import { backendTest } from "../../../../support/backends.ts";
import { withGridLimit } from "../../../../support/grid_limit.ts";
import { randomNumbers } from "../../mlp_problem.ts";
import {
  assertNear,
  type AttemptTask,
  attemptTask,
  type Control,
  controlNumbers,
  dispatched,
} from "./attempt_kernel.ts";

// The kernels over all numbers of a state, against float64 arithmetic on the same float32 numbers; the decisions of
// groups are in step_control_kernel_test.ts.

/** Rows, their width, and rows per control group; the number of one group is given. */
const shapes: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [7, 5, 3], // a last group of one row
  [51, 5, 51], // 255
  [64, 4, 64], // 256
  [257, 1, 100], // 257 numbers in groups of 100 and 57
  [20, 241, 17], // 4097 and 723
  [65, 63, 65], // 4095
  [4096, 1, 4096],
  [3, 8501, 2], // five parts, of which a last group of one row has three
];

const float32 = (count: number, subsequence: number) =>
  Float32Array.from(randomNumbers(count, subsequence));

/** States of groups in the middle of a solve; every second one has accepted its attempt. */
const controls = (groups: number): Control[] =>
  Array.from({ length: groups }, (_, i) => ({
    t: Math.fround(0.1 + 0.07 * i),
    h: Math.fround(0.3 / (1 + i)),
    trial: Math.fround(0.01 * (1 + i)),
    accepts: i % 2,
  }));

/** Numbers of a solve in the middle of an attempt, some of which no kernel may let into a sum. */
function numbersOf({ sizes: { rows, width, slots, groups }, tableau }: AttemptTask) {
  const count = rows * width;
  const slopes = float32(slots * count, 3);
  // Of dopri5's weights only that of stage 2 is not 0 for slope 1.
  if (tableau === dopri5) slopes.fill(NaN, count, count + Math.ceil(count / 2));
  return { count, groups: controls(groups), y: float32(count, 1), x: float32(count, 2), slopes };
}

/** The sum of weight * slope over weights that are not 0, and that of their magnitudes, for each number. */
function slopeSum(weights: readonly number[], slopes: Float32Array, count: number) {
  const sum = new Float64Array(count), size = new Float64Array(count);
  weights.forEach((weight, j) => {
    for (let i = 0; weight !== 0 && i < count; i++) {
      const term = weight * slopes[j * count + i]!;
      sum[i]! += term;
      size[i]! += Math.abs(term);
    }
  });
  return { sum, size };
}

backendTest("the stage input is y + h sum of a k, at t + c h", ["webgpu"], async (backend) => {
  const gpu = gpuOf(backend);
  const cases = [
    ...shapes.map((shape) => ({ shape, tableau: dopri5, mostWorkgroups: 65_535 })),
    // In a grid of two dimensions, which has one workgroup too many.
    { shape: [5, 241, 2] as const, tableau: rk4Classic, mostWorkgroups: 3 },
  ];
  for (const { shape, tableau, mostWorkgroups } of cases) {
    const control = tableau.bError === null ? { kind: "fixed", steps: 3 } as const : undefined;
    const task = attemptTask(shape, { tableau, ...(control && { control }) });
    const { sizes: { rows, width, groupRows } } = task;
    const { count, groups, y, x, slopes } = numbersOf(task);
    const { a, b, c } = tableau, { trial, solution } = inputKinds;
    const inputs = [
      ...c.map((node, i) => ({ what: i, node, weights: a[i]! })),
      { what: solution as number, node: 1, weights: b },
      { what: trial as number, node: 1, weights: [1] },
    ];
    const times = new Float32Array(rows).fill(-1);
    const operands = [controlNumbers(groups), y, slopes, x, times];
    const workgroups = Math.ceil(count / ELEMENTS);
    const found = await withGridLimit(
      gpu,
      mostWorkgroups,
      () =>
        Promise.all(
          inputs.map(({ what }) =>
            dispatched(gpu, inputProgram, { task, what, operands, workgroups })
          ),
        ),
    );
    for (const [at, { what, node, weights }] of inputs.entries()) {
      const [foundX, foundTimes] = found[at]!;
      const name = `${tableau.name}, [${shape}], input ${what}`;
      const { sum, size } = slopeSum(weights, slopes, count);
      const groupOf = (row: number) => groups[Math.floor(row / groupRows)]!;
      const stepOf = (row: number) => groupOf(row)[what === trial ? "trial" : "h"]!;
      const ofNumber = (i: number) => stepOf(Math.floor(i / width));
      assertNear(foundX!, Float64Array.from(y, (value, i) => value + ofNumber(i) * sum[i]!), {
        within: (i) => 4e-7 * (Math.abs(y[i]!) + ofNumber(i) * size[i]!),
        name,
      });
      const expected = Array.from(times, (_, row) => groupOf(row).t! + node * stepOf(row));
      assertNear(foundTimes!, expected, { within: (row) => 2e-7 * expected[row]!, name });
    }
  }
});

/** The scaled squares of a task by their definition, summed in float64 in parts of each group. */
function partialSums(
  { sizes: { width, groupRows, parts }, tableau, control }: AttemptTask,
  what: keyof typeof squaredKinds,
  { count, groups, y, x, slopes }: ReturnType<typeof numbersOf>,
) {
  const { rtol, atol } = control.kind === "fixed" ? { rtol: 0, atol: FINITE_SCALE } : control;
  const isEnd = what === "error" || what === "result";
  const weights = { state: [], slope: [1], change: [-1, 1], error: tableau.bError!, result: [] };
  const { sum, size } = slopeSum(weights[what], slopes, count);
  const sums = new Float64Array(2 * groups.length * parts);
  const bounds = new Float64Array(groups.length * parts);
  for (let i = 0; i < count; i++) {
    const group = Math.floor(i / (groupRows * width));
    const inGroup = i - group * groupRows * width;
    const part = group * parts + Math.floor(inGroup / NUMBERS_PER_PART);
    const factor = what === "error" ? groups[group]!.h! : 1;
    const own = what === "state" ? y[i]! : what === "result" ? x[i]! : factor * sum[i]!;
    const most = Math.max(Math.abs(y[i]!), isEnd ? Math.abs(x[i]!) : 0);
    const scale = atol + rtol * most;
    const isFinite = Number.isFinite(own / scale) && Number.isFinite(most);
    if (!isFinite) sums[2 * part + 1] = 1;
    sums[2 * part]! += (own / scale) ** 2;
    const largest = what === "state" || what === "result" ? Math.abs(own) : factor * size[i]!;
    bounds[part]! += (largest / scale) ** 2;
  }
  return { sums, bounds };
}

backendTest(
  "scaled squares are summed in parts of each group, and those that are not finite are told",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    const check = async (
      task: AttemptTask,
      what: keyof typeof squaredKinds,
      { given = numbersOf(task), name = "" } = {},
    ) => {
      const { groups, parts } = task.sizes, half = 2 * groups * parts;
      const operands = [
        ...[controlNumbers(given.groups), given.y, given.x, given.slopes],
        new Float32Array(2 * half).fill(-3),
      ];
      const workgroups = groups * parts;
      const run = { task, what: squaredKinds[what], operands, workgroups };
      const [after] = await dispatched(gpu, squaresProgram, run);
      const words = `[${task.y0.shape}], ${what}${name}`;
      const [first, second] = [after!.subarray(0, half), after!.subarray(half)];
      const [found, other] = what === "slope" ? [second, first] : [first, second];
      assert.deepEqual(other, new Float32Array(half).fill(-3), words);
      const { sums, bounds } = partialSums(task, what, given);
      for (let part = 0; part < groups * parts; part++) {
        const [sum, flag] = found.subarray(2 * part, 2 * part + 2);
        assert.equal(flag, sums[2 * part + 1], `${words}, part ${part}`);
        // Of a flagged part nothing else counts.
        if (flag === 1) continue;
        assertNear(Float32Array.of(sum!), [sums[2 * part]!], {
          within: () => 2e-6 * bounds[part]!,
          name: `${words}, part ${part}`,
        });
      }
      return sums.filter((_, i) => i % 2 === 1);
    };
    for (const shape of shapes) {
      const task = attemptTask(shape), fixed = { kind: "fixed", steps: 3 } as const;
      for (const what of ["state", "slope", "error"] as const) {
        assert.equal((await check(task, what)).indexOf(1), -1, `[${shape}]`);
      }
      // Slope 1 is here that of the trial: finite.
      const given = {
        ...numbersOf(task),
        slopes: float32(task.sizes.slots * shape[0] * shape[1], 4),
      };
      await check(task, "change", { given });
      const ended = numbersOf(task), x = ended.x.map((value) => FINITE_SCALE * value);
      await check(attemptTask(shape, { control: fixed }), "result", { given: { ...ended, x } });
    }
    await withGridLimit(gpu, 4, () => check(attemptTask([3, 8501, 2]), "error"));
    // One number of the last row, and one that is in the last thread's last step of a part.
    const task = attemptTask([3, 8501, 2]);
    for (const value of [NaN, Infinity, -Infinity]) {
      for (
        const [at, part] of [[3 * 8501 - 1, 7], [2 * 8501 - 1, 4], [
          NUMBERS_PER_PART - 1,
          0,
        ]] as const
      ) {
        const spoilt = (numbers: Float32Array, i: number) => {
          const copy = numbers.slice();
          copy[i] = value;
          return copy;
        };
        const clean = numbersOf(task), ofY = spoilt(clean.y, at);
        for (
          const [what, given] of [
            ["state", { ...clean, y: ofY }],
            ["slope", { ...clean, slopes: spoilt(clean.slopes, at) }],
            ["change", { ...clean, slopes: spoilt(float32(2 * clean.count, 4), at) }],
            ["error", { ...clean, y: ofY }],
            // Its scale is infinite, and so the error 0.
            ["error", { ...clean, x: spoilt(clean.x, at) }],
            ["error", { ...clean, slopes: spoilt(clean.slopes, 6 * clean.count + at) }],
            ["result", { ...clean, x: spoilt(clean.x, at) }],
          ] as const
        ) {
          const flags = await check(task, what, { given, name: `, ${value} at ${at}` });
          assert.deepEqual([flags.indexOf(1), flags.lastIndexOf(1)], [part, part]);
        }
      }
    }
    // Without atol a state of 0 has a scale of 0.
    const relative = attemptTask([5, 3, 2], { control: { kind: "adaptive", rtol: 1, atol: 0 } });
    const given = numbersOf(relative);
    given.y[7] = 0;
    assert.deepEqual([...await check(relative, "state", { given })], [0, 1, 0]);
  },
);

backendTest(
  "an accepted step is the state, with its last slope the first of the next one if they are the same",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend), fixed = { kind: "fixed", steps: 3 } as const;
    for (const shape of shapes) {
      for (const changes of [{}, { tableau: rk4Classic, control: fixed }]) {
        const task = attemptTask(shape, changes), { tableau, sizes: { width, groupRows } } = task;
        // NaN as they are: copies.
        const { count, groups, y, x, slopes } = numbersOf(task);
        x[0] = NaN;
        for (const first of [0, 1]) {
          const states = groups.map((group, i) => ({ ...group, accepts: (first + i) % 2 }));
          const operands = [controlNumbers(states), x, y, slopes];
          const workgroups = Math.ceil(count / ELEMENTS);
          const run = { task, what: 0, operands, workgroups };
          const after = await withGridLimit(
            gpu,
            count > 20_000 ? 11 : 65_535,
            () => dispatched(gpu, commitProgram, run),
          );
          const accepted = (i: number) => states[Math.floor(i / width / groupRows)]!.accepts === 1;
          const state = y.map((value, i) => accepted(i) ? x[i]! : value);
          const last = (tableau.c.length - 1) * count;
          const isSame = tableau === dopri5;
          const next = slopes.map((value, i) =>
            isSame && i < count && accepted(i) ? slopes[last + i]! : value
          );
          const name = `${tableau.name}, [${shape}]`;
          assert.deepEqual(after, [state, next], name);
        }
      }
    }
  },
);

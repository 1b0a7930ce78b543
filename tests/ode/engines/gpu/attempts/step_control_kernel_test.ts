import assert from "node:assert/strict";
import { gpuOf } from "../../../../../src/backends/gpu/gpu.ts";
import {
  integralController,
  piController,
  pidController,
} from "../../../../../src/ode/controllers.ts";
import {
  controlEvents,
  controlProgram,
  NUMBERS_PER_PART,
} from "../../../../../src/ode/engines/gpu/attempts/attempt_wgsl.ts";
import {
  type ControlField,
  controlFields,
  groupStatus,
  readControls,
} from "../../../../../src/ode/engines/gpu/control.ts";
import { dopri5 } from "../../../../../src/ode/tableaus/dopri5.ts";
import { rk4Classic } from "../../../../../src/ode/tableaus/rk4_classic.ts";
import { backendTest } from "../../../../support/backends.ts";
import { withGridLimit } from "../../../../support/grid_limit.ts";
import {
  assertNear,
  type AttemptTask,
  attemptTask,
  type Control,
  controlNumbers,
  dispatched,
} from "./attempt_kernel.ts";

// The kernel of the groups' decisions, against float64 arithmetic on the same float32 numbers.

/** The next float32 above a power of two. */
const above = (value: number) => value * (1 + 2 ** -23);

/** The state of a group after an event, from the definitions of Hairer, Norsett and Wanner and of StepController. */
function controlled(
  { t0, t1, tableau, control, maxSteps }: AttemptTask,
  event: keyof typeof controlEvents,
  { group, norm, slopeNorm }: {
    readonly group: Control;
    readonly norm: number;
    readonly slopeNorm: number;
  },
): Record<ControlField, number> {
  const zeros = Object.fromEntries(Object.keys(controlFields).map((name) => [name, 0]));
  const g = { ...zeros, ...group } as Record<ControlField, number>;
  const direction = Math.sign(t1 - t0);
  const isFixed = control.kind === "fixed";
  /** What comes before an attempt: the end of the solve, or of the step. */
  const begin = () => {
    if (isFixed) {
      const h = (t1 - t0) / control.steps;
      g.t = t0 + g.accepted * h;
      g.end = g.accepted + 1 === control.steps ? t1 : g.t + h;
      return;
    }
    if (g.accepted + g.rejected >= maxSteps) g.status = groupStatus.maxStepsReached;
    else if (g.h === 0 || Math.fround(g.t + g.h) === g.t) {
      g.status = g.sawNonFinite ? groupStatus.nonFinite : groupStatus.stepSizeUnderflow;
    } else if (Math.abs(g.h) >= Math.abs(t1 - g.t)) {
      g.h = t1 - g.t;
      g.end = t1;
    } else g.end = g.t + g.h;
  };
  // As on p. 169: d1 is the scaled norm of the slope, d2 below that of its change per time.
  const d1 = group.slopeNorm!, trialSize = Math.abs(group.trial ?? 0);
  switch (event) {
    case "start": {
      for (const name of Object.keys(g)) g[name as ControlField] = 0;
      g.t = t0;
      g.error2 = g.error3 = 1;
      g.h = isFixed ? (t1 - t0) / control.steps : direction * (control.firstStep ?? 0);
      if (g.h !== 0) begin();
      return g;
    }
    case "norms": {
      const isKnown = norm >= 1e-5 && slopeNorm >= 1e-5;
      g.trial = direction * (isKnown ? 0.01 * norm / slopeNorm : 1e-6);
      g.slopeNorm = Number.isNaN(slopeNorm) ? -1 : slopeNorm;
      g.sawNonFinite = Number(Number.isNaN(slopeNorm));
      g.nfe = 1;
      return g;
    }
    case "change": {
      const d2 = norm / trialSize, isKnown = d1 >= 0 && norm >= 0;
      const size = Math.max(d1, d2) <= 1e-15
        ? Math.max(1e-6, trialSize * 1e-3)
        : (0.01 / Math.max(d1, d2)) ** (1 / 5); // dopri5's error is of order 5
      g.h = direction * (isKnown ? Math.min(100 * trialSize, size) : 1e-6);
      g.hasSlope = 1;
      g.nfe = 2;
      begin();
      return g;
    }
    case "attempt": {
      if (g.status !== groupStatus.running) return { ...g, accepts: 0 };
      g.nfe += tableau.c.length - g.hasSlope;
      const isAccepted = isFixed ? !Number.isNaN(norm) : norm <= 1;
      g.accepts = Number(isAccepted);
      g.hasSlope = isAccepted && tableau !== dopri5 ? 0 : 1;
      if (isAccepted) {
        g.accepted++;
        g.t = g.end;
        if (g.end === t1) g.status = groupStatus.finished;
      }
      if (isFixed) {
        if (!isAccepted) g.status = groupStatus.nonFinite;
      } else {
        if (!isAccepted) g.rejected++;
        g.sawNonFinite = Number(Number.isNaN(norm));
        const { exponents: [b1, b2, b3], safety, growth, shrinkAccepted, shrinkRejected } =
          control.controller ?? integralController;
        let factor = safety * norm ** (-b1 / 5) * g.error2 ** (-b2 / 5) * g.error3 ** (-b3 / 5);
        factor = Math.max(factor, norm < 1 ? shrinkAccepted : shrinkRejected);
        factor = Math.min(factor, norm > 1 ? safety : growth);
        g.h *= Number.isNaN(norm) ? shrinkRejected : norm === 0 ? growth : factor;
        if (isAccepted) {
          g.error3 = g.error2;
          g.error2 = Math.max(norm, 1e-4);
        }
      }
      if (g.status === groupStatus.running) begin();
      return g;
    }
  }
}

/** What the dispatches of this engine hand on to each other; the other fields are of whole solves in one dispatch. */
const handedOn = [
  "t",
  "h",
  "end",
  "trial",
  "slopeNorm",
  "error2",
  "error3",
  "status",
  "hasSlope",
  "sawNonFinite",
  "accepts",
  "nfe",
  "accepted",
  "rejected",
] as const satisfies readonly ControlField[];

backendTest(
  "the step control takes the decisions of float64, of any number of parts",
  ["webgpu"],
  async (backend) => {
    const gpu = gpuOf(backend);
    /** Groups with their norms, NaN if a part has told of a number that is not finite. */
    const check = async (
      event: keyof typeof controlEvents,
      groups: readonly {
        readonly group: Control;
        readonly norm?: number;
        readonly slopeNorm?: number;
      }[],
      { width = 3, groupRows = 1, rows = groups.length * groupRows, ...changes }:
        & { readonly width?: number; readonly groupRows?: number; readonly rows?: number }
        & Partial<AttemptTask> = {},
    ) => {
      const task = attemptTask([rows, width, groupRows], changes), { parts } = task.sizes;
      const half = groups.length * parts, partials = new Float32Array(4 * half);
      const sumsOf = (norm: number | undefined, group: number, first: number) => {
        const count = Math.min(groupRows, rows - group * groupRows) * width;
        const used = Math.ceil(count / NUMBERS_PER_PART);
        // Parts beyond those of a smaller group have no numbers; the shares of the others differ.
        const shares = Array.from({ length: used }, (_, part) => 1 + part % 7);
        const all = shares.reduce((sum, share) => sum + share);
        const at = 2 * (first + group * parts);
        shares.forEach((share, part) => {
          partials[at + 2 * part] = Number.isNaN(norm) ? 1 : (norm ?? 0) ** 2 * count * share / all;
        });
        if (Number.isNaN(norm)) {
          // What is summed beside a number that is not finite may be anything.
          const told = at + 2 * (group % used);
          partials.set([[1, NaN, Infinity][group % 3]!, 1], told);
        }
        const sum = shares.reduce((sum, _, part) => sum + partials[at + 2 * part]!, 0);
        return Number.isNaN(norm) || !Number.isFinite(sum) ? NaN : Math.sqrt(sum / count);
      };
      const before = controlNumbers(groups.map(({ group }) => group));
      const stored = readControls(before.buffer as ArrayBuffer);
      const expected = groups.map(({ norm, slopeNorm }, i) =>
        controlled(task, event, {
          group: stored[i]!,
          norm: sumsOf(norm, i, 0),
          slopeNorm: sumsOf(slopeNorm, i, half),
        })
      );
      const operands = [before, partials], workgroups = groups.length;
      const run = { task, what: controlEvents[event], operands, workgroups };
      const dispatch = () => dispatched(gpu, controlProgram, run);
      const [after] = await withGridLimit(gpu, Math.ceil(Math.sqrt(workgroups)), dispatch);
      const states = readControls(after!.buffer as ArrayBuffer);
      for (const [i, found] of states.entries()) {
        const name = `${event}, group ${i}: ${JSON.stringify(groups[i])}`;
        for (const field of handedOn) {
          const right = expected[i]![field], one = found[field];
          if (controlFields[field] === "u32") assert.equal(one, right, `${name}, ${field}`);
          else {
            assertNear(Float32Array.of(one), [right], {
              // The end of a step is the sum of a time and its size; that of a solve is exact.
              within: () =>
                field !== "end"
                  ? 4e-6 * Math.abs(right)
                  : right === task.t1
                  ? 0
                  : 4e-6 * (Math.abs(right) + Math.abs(expected[i]!.h)),
              name: `${name}, ${field}`,
            });
          }
        }
      }
      return states;
    };

    // What a solve before has left does not count.
    const left = Object.fromEntries(
      Object.keys(controlFields).map((name) => [name, 5]),
    ) as Control;
    const forth = { t0: 0, t1: 1 }, back = { t0: 1, t1: -0.5 };
    const adaptive = { kind: "adaptive", rtol: 1e-3, atol: 1e-3 } as const;
    for (const times of [forth, back]) {
      for (
        const control of [
          adaptive,
          { ...adaptive, firstStep: 0.25 },
          { ...adaptive, firstStep: 7 },
          { kind: "fixed", steps: 1 },
          { kind: "fixed", steps: 7 },
        ] as const
      ) {
        await check("start", [{ group: left }, { group: {} }, { group: left }], {
          control,
          ...times,
        });
      }
      const started: Control = { t: times.t0, error2: 1, error3: 1 };
      // Below 1e-5 either norm says nothing; the last ones are not finite.
      const norms = [[1.5, 3], [0.02, 700], [9e-6, 3], [2, 9e-6], [0, 0], [1.1e-5, 1.1e-5]];
      const noNorms = [[NaN, 2], [2, NaN], [NaN, NaN], [1e30, 2]];
      await check(
        "norms",
        [...norms, ...noNorms].map(([norm, slopeNorm]) => ({ group: started, norm, slopeNorm })),
        times,
      );
      const direction = Math.sign(times.t1 - times.t0);
      const changes = [
        // The slope decides, its change does, 100 trials do, neither is seen; then what is not finite.
        [0.01, 3, 0.002],
        [0.01, 3, 0.9],
        [1e-6, 3, 1e-9],
        [0.02, 0, 0],
        [1e-6, 1e-16, 0],
        [0.01, 3, NaN],
        [1e-6, -1, 0.5],
        [1e-6, -1, NaN],
        // The first step is the whole solve.
        [0.5, 1e-9, 1e-9],
      ] as const;
      await check(
        "change",
        changes.map(([trial, slopeNorm, norm]) => ({
          group: {
            ...started,
            trial: direction * trial,
            slopeNorm,
            nfe: 1,
            sawNonFinite: Number(slopeNorm < 0),
          },
          norm,
        })),
        times,
      );
    }

    const middle: Control = {
      ...{ t: 0.25, h: 0.125, end: 0.375, error2: 0.4, error3: 0.02 },
      ...{ hasSlope: 1, nfe: 20, accepted: 3, rejected: 2, accepts: 1 },
    };
    const last: Control = { ...middle, t: 0.875, end: 1 };
    const errors = [0, 1e-7, 2e-3, 0.3, 0.999, 1, 1.001, 1.5, 40, 1e7, NaN, 1e25];
    for (const controller of [undefined, integralController, piController, pidController]) {
      const control = { ...adaptive, ...(controller && { controller }) };
      await check(
        "attempt",
        errors.flatMap((norm) => [
          { group: middle, norm },
          { group: { ...middle, hasSlope: 0, error2: 1, error3: 0.9, sawNonFinite: 1 }, norm },
          { group: last, norm },
          // The next step is the last one, if this one is accepted.
          { group: { ...middle, end: 0.9 }, norm },
        ]),
        { control, width: 1 },
      );
      await check(
        "attempt",
        errors.map((norm) => ({
          group: { ...middle, t: 0.125, h: -0.25, end: -0.125, hasSlope: 0 },
          norm,
        })),
        { control, ...back },
      );
    }
    // At the limit of attempts, at the end of the solve too; an attempt before it.
    for (const maxSteps of [6, 7]) {
      const states = await check(
        "attempt",
        [0.5, 3, NaN].flatMap((norm) => [{ group: middle, norm }, { group: last, norm }]),
        { maxSteps },
      );
      const { running, maxStepsReached, finished } = groupStatus;
      const others = maxSteps === 6 ? maxStepsReached : running;
      assert.deepEqual(
        states.map(({ status }) => status),
        [others, finished, others, others, others, others],
      );
    }
    // Steps that vanish beside the time.
    const tiny = { ...middle, t: 0.5, h: 1e-7, end: above(0.5) };
    const vanished = await check("attempt", [3e4, NaN, 0.9].map((norm) => ({ group: tiny, norm })));
    assert.deepEqual(
      vanished.map(({ status }) => status),
      [groupStatus.stepSizeUnderflow, groupStatus.nonFinite, groupStatus.running],
    );
    // Those that are done stay as they are, but accept nothing.
    const done = Object.values(groupStatus).filter((status) => status !== groupStatus.running)
      .flatMap((status) => [0.5, 3, NaN].map((norm) => ({ group: { ...left, status }, norm })));
    const states = await check("attempt", done);
    const unchanged = readControls(
      controlNumbers(done.map(({ group }) => ({ ...group, accepts: 0 }))).buffer as ArrayBuffer,
    );
    assert.deepEqual(states, unchanged);
    // Fixed steps: only whether numbers are finite. 41 times 1 / 41 is less than 1 in float32.
    const control = { kind: "fixed", steps: 41 } as const, h = 1 / 41;
    await check(
      "attempt",
      [0, 0.5, 3, 1e7, NaN, 1e30].flatMap((norm) =>
        [0, 3, 39, 40].map((accepted) => {
          const t = accepted * h, end = accepted === 40 ? 1 : t + h;
          return { group: { t, h, end, accepted, nfe: 4, error2: 1, error3: 1 }, norm };
        })
      ),
      { control, tableau: rk4Classic },
    );
    // As many parts as threads, one more or less, and several times as many; a last group of one row.
    for (
      const width of [
        NUMBERS_PER_PART - 1,
        NUMBERS_PER_PART,
        NUMBERS_PER_PART + 1,
        63 * NUMBERS_PER_PART,
        64 * NUMBERS_PER_PART,
        64 * NUMBERS_PER_PART + 1,
        131 * NUMBERS_PER_PART,
      ]
    ) {
      const groups = [0.5, 3, 0.03, NaN, 0.9].map((norm) => ({ group: middle, norm }));
      await check("attempt", groups, { width });
      await check("attempt", groups, { width, groupRows: 2, rows: 9 });
      await check("norms", groups.map(({ norm }) => ({ group: {}, norm, slopeNorm: 2 })), {
        width,
        groupRows: 2,
        rows: 9,
      });
    }
  },
);

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import type { Backend, BackendKind } from "../../src/backends/backend.ts";
import { FailureError } from "../../src/core/errors.ts";
import { Parameters } from "../../src/core/parameters.ts";
import { piController, pidController, type StepController } from "../../src/ode/controllers.ts";
import type { Engine, GradientMethod, SolveProblem } from "../../src/ode/engines/engine.ts";
import { readSolution } from "../../src/ode/engines/engines.ts";
import { tableaus } from "../../src/ode/tableaus.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { rk4 } from "../../src/ode/tableaus/rk4.ts";
import { relativeError } from "../parity/fixtures.ts";
import { backendTest } from "../support/backends.ts";
import { type FieldCase, fieldCases, solveFloat64, startRows } from "./engine_cases.ts";
import { randomNumbers } from "./engines/mlp_problem.ts";

/** An engine under test. */
export interface TestedEngine {
  /** Name in test titles. */
  readonly name: string;
  readonly backends: readonly BackendKind[];
  open(backend: Backend): Engine;
  /** Use of its own memory, in any unit; compared before and after the same work. */
  readonly held?: () => Promise<number>;
  /**
   * Steps are chosen on the device, and the adjoint is the portable engine's, which is tested there.
   */
  readonly onDevice?: true;
  /** `few`: the cheapest cases of each test, for devices on which an evaluation takes milliseconds. */
  readonly extent: "all" | "few";
}

/** Rows of the problems: groups of two, the last one of one row. */
const ROWS = 5;
const GROUP = 2;

/** Rounding error of float32 fields after a dozen steps, relative to the largest entry. */
const FLOAT32 = 2e-5;

const adaptive = (tolerance: number, controller?: StepController) =>
  ({
    kind: "adaptive",
    rtol: tolerance,
    atol: tolerance,
    ...(controller === undefined ? {} : { controller }),
  }) as const;

/** A problem over a case's field and rows; both tensors are owned by the caller. */
function problemOf(
  kind: FieldCase,
  changes: Partial<Omit<SolveProblem, "y0">> = {},
): SolveProblem & { readonly y0: tf.Tensor2D; dispose(): void } {
  const parameters = Parameters.fromFlat(kind.layout, kind.parameters);
  const y0 = tf.tensor2d(startRows(kind, ROWS), [ROWS, kind.width]);
  return {
    field: kind.spec(parameters),
    y0,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: adaptive(1e-5),
    controlGroup: GROUP,
    maxSteps: 1000,
    keep: { kind: "end" },
    ...changes,
    dispose() {
      y0.dispose();
      parameters.dispose();
    },
  };
}

async function valuesOf(tensor: tf.Tensor): Promise<Float32Array> {
  return Float32Array.from(await tensor.data());
}

/** Solves; disposes the solution. */
async function solved(engine: Engine, problem: SolveProblem) {
  const solution = await engine.solve(problem);
  try {
    const report = engine.report(solution);
    const states = await Promise.all(solution.states.map(valuesOf));
    return { y1: await valuesOf(solution.y1), states, reports: await report() };
  } finally {
    solution.dispose();
  }
}

/** Solves and pulls `cotangent` back; disposes everything. */
async function pulled(
  engine: Engine,
  problem: SolveProblem,
  { cotangent, method }: { readonly cotangent: Float32Array; readonly method: GradientMethod },
) {
  const keep = { kind: method.kind === "direct" ? "records" : "end" } as const;
  const solution = await engine.solve({ ...problem, keep });
  const of = tf.tensor2d(cotangent, [...problem.y0.shape]);
  try {
    const gradient = await engine.pullBack(solution, of, method);
    const result = {
      y0: await valuesOf(gradient.y0),
      parameters: await valuesOf(gradient.parameters),
      nfe: await gradient.nfe(),
    };
    tf.dispose([gradient.y0, gradient.parameters]);
    const numbers = await engine.pullBackNumbers?.(solution, cotangent, method);
    if (numbers !== undefined) {
      assert.deepEqual(numbers.y0, result.y0);
      assert.deepEqual(numbers.parameters, result.parameters);
      assert.equal(await numbers.nfe(), result.nfe);
    }
    return result;
  } finally {
    solution.dispose();
    of.dispose();
  }
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < b.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/**
 * Registers the tests that every engine must pass, for every kind of field that it supports: values against
 * closed forms or float64, gradients against finite differences in float64, reports, failures as
 * values, memory, control groups, all controllers, every tableau. It must refuse what
 * it does not support, with a reason.
 */
export function engineSuite(tested: TestedEngine): void {
  const { extent } = tested;
  const isThorough = extent === "all", isHost = tested.onDevice !== true;
  const methods = isThorough ? Object.values(tableaus) : [rk4, dopri5];
  for (const kind of fieldCases) {
    const test = (
      name: string,
      run: (engine: Engine) => Promise<void>,
      cost: "cheap" | "dear" = "dear",
    ) => {
      if (kind.brief && cost === "dear") return;
      if (!isThorough && !kind.few.includes(cost)) return;
      backendTest(`${tested.name}, ${kind.name}: ${name}`, tested.backends, async (backend) => {
        const engine = tested.open(backend);
        const problem = problemOf(kind);
        const support = engine.supports(problem);
        if (support.kind === "yes") await run(engine);
        else {
          assert.ok(support.reasons.length > 0 && support.reasons.every((words) => words !== ""));
          await assert.rejects(engine.solve(problem), { name: "RangeError" });
        }
        problem.dispose();
      });
    };

    test("numbers have the bits of a tensor, as start and as result", async (engine) => {
      const keep = { kind: "times", times: [0, 0.5, 1] } as const;
      const problem = problemOf(kind, { keep });
      const values = startRows(kind, ROWS);
      const ofTensor = await engine.solve(problem);
      const ofNumbers = await engine.solve({
        ...problem,
        y0: { shape: [ROWS, kind.width], values: values.slice() },
      });
      const { y1, states } = await readSolution(ofNumbers);
      assert.deepEqual(y1, await valuesOf(ofTensor.y1));
      assert.deepEqual(states, await Promise.all(ofTensor.states.map(valuesOf)));
      assert.deepEqual(y1, await valuesOf(ofNumbers.y1));
      for (const disposed of [ofTensor, ofNumbers, problem]) disposed.dispose();
    }, "cheap");

    test("every method has the values of float64", async (engine) => {
      for (const tableau of methods) {
        const problem = problemOf(kind, { tableau, control: { kind: "fixed", steps: 12 } });
        const exact = await solveFloat64(kind, problem);
        const { y1, reports } = await solved(engine, problem);
        const error = relativeError(y1, exact.y1);
        assert.ok(error < FLOAT32, `${tableau.name}: ${error}`);
        assert.deepEqual(reports, exact.reports);
        problem.dispose();
      }
    }, "cheap");

    test("every controller reaches the tolerance", async (engine) => {
      const truth = await (async () => {
        const problem = problemOf(kind, { control: adaptive(1e-10) });
        const { y1 } = await solveFloat64(kind, problem);
        problem.dispose();
        return kind.exact?.(1, ROWS) ?? y1;
      })();
      const withError = methods.filter(({ bError }) => bError !== null);
      for (const tableau of withError) {
        for (const controller of [undefined, piController, pidController]) {
          const problem = problemOf(kind, { tableau, control: adaptive(1e-5, controller) });
          const { y1, reports } = await solved(engine, problem);
          const error = relativeError(y1, truth);
          const name = `${tableau.name}, ${controller?.name ?? "left out"}`;
          // 1e-5 per step, over at most some tens of steps that amplify it.
          assert.ok(error < 5e-4, `${name}: ${error}`);
          for (const { nfe, accepted, rejected, failure } of reports) {
            assert.equal(failure, null);
            // Two evaluations choose the first step; all of these methods are FSAL.
            assert.equal(nfe, 2 + (tableau.c.length - 1) * (accepted + rejected), name);
          }
          problem.dispose();
        }
      }
    });

    test("a given first step is tried, in the solve alone", async (engine) => {
      const problem = problemOf(kind);
      const chosen = await solved(engine, problem);
      // So small that its error is nothing, and longer than the whole interval.
      for (const firstStep of [1e-4, 50]) {
        const control = { ...adaptive(1e-5), firstStep };
        const { y1, reports } = await solved(engine, { ...problem, control });
        // Each is within 5e-4 of the solution, as above.
        const gap = relativeError(y1, chosen.y1);
        assert.ok(gap < 1e-3, `first step ${firstStep}: ${gap}`);
        for (const { nfe, accepted, rejected, failure } of reports) {
          assert.equal(failure, null);
          assert.equal(nfe, 1 + (dopri5.c.length - 1) * (accepted + rejected));
        }
      }
      const cotangent = Float32Array.from(randomNumbers(ROWS * kind.width, 21));
      const method = { kind: "adjoint", rtol: 1e-5, atol: 1e-5 } as const;
      const nfeOf = async (firstStep: number | null) => {
        const control = { ...adaptive(1e-5), firstStep };
        return (await pulled(engine, { ...problem, control }, { cotangent, method })).nfe;
      };
      // An adjoint that began so small would take five steps more, of 11 evaluations each.
      const more = isHost ? await nfeOf(1e-6) - await nfeOf(null) : 0;
      assert.ok(more < 22, `${more} evaluations more`);
      for (const firstStep of [0, -1, NaN, Infinity]) {
        const control = { ...adaptive(1e-5), firstStep };
        await assert.rejects(engine.solve({ ...problem, control }), /first step above 0, got/);
      }
      problem.dispose();
    }, "cheap");

    test("both gradients are finite differences", async (engine) => {
      const cotangent = Float32Array.from(randomNumbers(ROWS * kind.width, 21));
      const alongStart = randomNumbers(ROWS * kind.width, 22);
      const alongParameters = randomNumbers(kind.parameters.length, 23);
      const loss = async (step: number) => {
        const problem = problemOf(kind, { control: adaptive(1e-10) });
        const { y1 } = await solveFloat64(kind, problem, {
          parameters: Float64Array.from(
            kind.parameters,
            (value, i) => value + step * alongParameters[i]!,
          ),
          y0: Float64Array.from(startRows(kind, ROWS), (value, i) => value + step * alongStart[i]!),
        });
        problem.dispose();
        return dot(cotangent, y1);
      };
      const expected = (await loss(1e-4) - await loss(-1e-4)) / 2e-4;
      const cases = [
        { control: adaptive(1e-6), method: { kind: "direct" } },
        { control: adaptive(1e-6), method: { kind: "adjoint", rtol: 1e-6, atol: 1e-6 } },
        {
          control: adaptive(1e-6, pidController),
          method: { kind: "adjoint", rtol: 1e-6, atol: 1e-6 },
        },
        { tableau: rk4, control: { kind: "fixed", steps: 24 }, method: { kind: "direct" } },
      ] as const;
      for (const { method, ...changes } of isThorough ? cases : cases.slice(3)) {
        if (method.kind === "adjoint" && !isHost) continue;
        const problem = problemOf(kind, changes);
        const { y0, parameters, nfe } = await pulled(engine, problem, { cotangent, method });
        const slope = dot(y0, alongStart) + dot(parameters, alongParameters);
        // Terms of both signs: what rounds is measured by their size, not by the sum's.
        const scale = Math.sqrt(dot(y0, y0) + dot(parameters, parameters)) *
          Math.sqrt(dot(alongStart, alongStart) + dot(alongParameters, alongParameters));
        const error = Math.abs(slope - expected) / scale;
        assert.ok(error < 2e-4, `${method.kind}: ${slope}, finite differences ${expected}`);
        assert.ok(nfe > 0);
        problem.dispose();
      }
    }, "cheap");

    test("states at given times lie on the trajectory, in both directions", async (engine) => {
      const times = [0, 0.3, 0.31, 0.9, 1];
      for (
        const [tableau, control] of [[dopri5, adaptive(1e-6)], [rk4, {
          kind: "fixed",
          steps: 16,
        }]] as const
      ) {
        for (
          const [t0, t1] of [[1, 0], [0, 1]].slice(0, isThorough ? 2 : 1) as [number, number][]
        ) {
          const at = t0 < t1 ? times : times.toReversed();
          const problem = problemOf(kind, {
            tableau,
            control,
            t0,
            t1,
            keep: { kind: "times", times: at },
          });
          const { y1, states } = await solved(engine, problem);
          const exact = await solveFloat64(kind, {
            ...problem,
            tableau: dopri5,
            control: adaptive(1e-10),
          }, {
            times: at,
          });
          states.forEach((state, i) => {
            const error = relativeError(state, exact.states[i]!);
            // The cubic between two of 16 steps errs by (1/16)^4 / 384 fourth derivatives.
            assert.ok(error < 1e-4, `${tableau.name} from ${t0}, t = ${at[i]}: ${error}`);
          });
          assert.deepEqual(states.at(-1), y1);
          problem.dispose();
        }
      }
    });

    test("an interpolant of the caller's own is read as it is", async (engine) => {
      // One basis function, theta, times the step's weights: the chord from y0 to y1.
      const interpolant = { powers: [1], basis: [[1]], values: [dopri5.b] };
      const problem = problemOf(kind, {
        tableau: { ...dopri5, interpolant },
        control: { kind: "fixed", steps: 1 },
        keep: { kind: "times", times: [0.25, 0.5] },
      });
      const { y1, states } = await solved(engine, problem);
      const y0 = startRows(kind, ROWS);
      [0.25, 0.5].forEach((theta, i) => {
        const chord = y1.map((end, j) => y0[j]! + theta * (end - y0[j]!));
        assert.ok(relativeError(states[i]!, chord) < 1e-6);
      });
      for (
        const slip of [
          { ...interpolant, powers: [0.5] },
          { ...interpolant, basis: [[1, 1]] },
          { ...interpolant, values: [[1]] },
        ]
      ) {
        const wrong = { ...problem, tableau: { ...dopri5, interpolant: slip } };
        await assert.rejects(engine.solve(wrong), { name: "RangeError", message: /interpolant/ });
      }
      problem.dispose();
    });

    test("a group's bits do not depend on its neighbours, nor on rows that it lacks", async (engine) => {
      const whole = problemOf(kind);
      const all = await solved(engine, whole);
      for (const [first, end] of [[0, 2], [2, 5], [4, 5]] as const) {
        const y0 = tf.slice2d(whole.y0, [first, 0], [end - first, -1]);
        const field = kind.fromRow(whole.field, first);
        // A group of 64 rows that has `end - first` is one of as many.
        for (const controlGroup of end - first <= GROUP ? [GROUP, 64] : [GROUP]) {
          const part = await solved(engine, { ...whole, field, y0, controlGroup });
          assert.deepEqual(part.y1, all.y1.slice(first * kind.width, end * kind.width));
        }
        y0.dispose();
      }
      assert.deepEqual(all.reports.map(({ rows }) => rows), [[0, 2], [2, 4], [4, 5]]);
      const together = await solved(engine, { ...whole, controlGroup: "batch" });
      assert.deepEqual(together.reports.map(({ rows }) => rows), [[0, ROWS]]);
      whole.dispose();
    });

    test("failures are values, and a failed solve has no gradient", async (engine) => {
      // From t = 1 a step that shrinks vanishes beside t soon; from 0 it takes hundreds of attempts.
      const problem = problemOf(kind, { t0: 1, t1: 2, keep: { kind: "records" } });
      const spoilt = startRows(kind, ROWS);
      spoilt[2 * kind.width] = NaN;
      const y0 = tf.tensor2d(spoilt, [ROWS, kind.width]);
      const good = await solved(engine, problem);
      for (const control of [adaptive(1e-5), { kind: "fixed", steps: 4 }] as const) {
        const { y1, reports } = await solved(engine, { ...problem, y0, control });
        assert.deepEqual(reports.map(({ failure }) => failure?.kind ?? null), [
          null,
          "nonFinite",
          null,
        ]);
        const nan = y1.map((value) => Number.isNaN(value) ? 1 : 0);
        const width = kind.width;
        assert.ok(nan.subarray(2 * width, 4 * width).every((isNaN) => isNaN === 1));
        assert.equal(nan.reduce((sum, isNaN) => sum + isNaN, 0), 2 * width);
        if (control.kind === "adaptive") {
          assert.deepEqual(y1.subarray(0, 2 * width), good.y1.subarray(0, 2 * width));
        }
      }
      const short = { ...problem, maxSteps: 1, control: adaptive(1e-6) };
      for (const { accepted, rejected, failure } of (await solved(engine, short)).reports) {
        assert.equal(failure?.kind, "maxStepsReached");
        assert.equal(accepted + rejected, 1);
      }
      const solution = await engine.solve(short);
      // An engine that detects the failure at once rejects; another reports it when asked.
      await assert.rejects(async () => {
        const gradient = await engine.pullBack(solution, problem.y0, { kind: "direct" });
        tf.dispose([gradient.y0, gradient.parameters]);
        await gradient.nfe();
      }, FailureError);
      solution.dispose();
      y0.dispose();
      problem.dispose();
    });

    test("what it takes it gives back, also after failures; reports outlive their solution", async (engine) => {
      const cotangent = new Float32Array(ROWS * kind.width).fill(1);
      const work = async () => {
        const problem = problemOf(kind, { control: { kind: "fixed", steps: 2 } });
        await pulled(engine, problem, { cotangent, method: { kind: "direct" } });
        await pulled(engine, problem, {
          cotangent,
          method: { kind: "adjoint", rtol: 1e-3, atol: 1e-3 },
        });
        const failing = pulled(engine, { ...problem, control: adaptive(1e-6), maxSteps: 1 }, {
          cotangent,
          method: { kind: "direct" },
        });
        await assert.rejects(failing, FailureError);
        const solution = await engine.solve(problem);
        const report = engine.report(solution);
        solution.dispose();
        solution.dispose();
        assert.equal((await report()).length, Math.ceil(ROWS / GROUP));
        problem.dispose();
      };
      await work();
      const before = [tf.memory().numTensors, await tested.held?.()];
      for (let i = 0; i < (isThorough ? 3 : 1); i++) await work();
      assert.deepEqual([tf.memory().numTensors, await tested.held?.()], before);
    });
  }
}

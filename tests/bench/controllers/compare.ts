/**
 * Step-size controllers compared at equal error on trained CNFs: field evaluations of log-likelihoods
 * and samples over those of the default controller.
 *
 *   deno task bench:controllers [FOLDER]
 *
 * FOLDER keeps the trained models for another time; it is made if it is not there. Counts do not
 * depend on the machine's load. The record is written to tests/bench/results/controllers-DATE.json.
 */
import { openBackend } from "../../../src/backends/open_backend.ts";
import { logProb } from "../../../src/flows/log_prob.ts";
import { accurateSolve, type FlowModel, priorTime } from "../../../src/flows/model.ts";
import { sample } from "../../../src/flows/sample.ts";
import {
  integralController,
  piController,
  pidController,
  type StepController,
  stepController,
} from "../../../src/ode/controllers.ts";
import type { SolveReport } from "../../../src/ode/engines/engine.ts";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import { hostRows, hostSpace } from "../../../src/ode/engines/portable/host_rows.ts";
import { mlpFloat64Field } from "../../../src/ode/mlp_float64_field.ts";
import { solveRows } from "../../../src/ode/solver/solve.ts";
import { mlpFloat64 } from "../../../src/ops/mlp_field/float64.ts";
import { facts } from "../record.ts";
import { type Measured, ratioAtEqualError, ratioAtTolerance } from "./equal_error.ts";
import { type ModelName, models, trainedModel } from "./models.ts";

const ROWS = 1024;
/** Four per factor of ten, so that errors lie close together. */
const TOLERANCES = Array.from({ length: 13 }, (_, i) => 10 ** (-2 - i / 4));
/** Of the reference; near the noise of a float32 field. */
const REFERENCE = 1e-7;
/** Rows of which the reference is compared with float64 at 1e-11. */
const CHECKED_ROWS = 4;
/** Errors that are not ten times those of the reference are left out. */
const MARGIN = 10;

const pi = { integral: 0.3, proportional: 0.4 }, shrinks = { shrinkAccepted: 0.2 };
/**
 * The default first, and the other two of the library. The rest tell causes apart. In equilibrium the
 * scaled error is safety^(order / integral gain): 0.59 for I, 0.17 for PI, 0.12 for PID.
 */
const controllers: readonly StepController[] = [
  integralController,
  piController,
  pidController,
  // Hairer and Wanner's elementary controller: a step may shrink after one that was accepted.
  stepController("I, may shrink", { integral: 1 }, shrinks),
  // DOPRI5's beta = 0.04: exponents 0.2 - 0.75 beta and beta. Hairer, Norsett, Wanner, II.4.
  stepController("PI of DOPRI5", { integral: 0.65, proportional: 0.2 }, shrinks),
  stepController("I aiming at 0.17", { integral: 1 }, { safety: 0.7 }),
  stepController("PI aiming at 0.6", pi, { ...shrinks, safety: 0.97 }),
];

const control = (tolerance: number, controller: StepController) =>
  ({ kind: "adaptive", rtol: tolerance, atol: tolerance, controller }) as const;

/** Results of a work [rows * columns], and the reports of its solve. */
interface Solved {
  readonly values: ArrayLike<number>;
  readonly reports: readonly SolveReport[];
}

const backend = await openBackend("cpu");
const engines = enginesOf(backend);
const given = Deno.args[0];
const folder = given ?? await Deno.makeTempDir();
const results: Record<string, Record<string, unknown>> = {};
try {
  for (const name of Object.keys(models) as ModelName[]) results[name] = await compared(name);
} finally {
  if (given === undefined) await Deno.remove(folder, { recursive: true });
}
const date = new Date().toISOString();
const { commit, isChanged, versions } = await facts(null);
const record = { date, commit, isChanged, versions, rows: ROWS, results };
const file = `controllers-${date.slice(0, 16).replace(":", "")}.json`;
await Deno.writeTextFile(
  new URL(`../results/${file}`, import.meta.url),
  `${JSON.stringify(record, null, 2)}\n`,
);
console.log(`tests/bench/results/${file}`);

async function compared(name: ModelName): Promise<Record<string, unknown>> {
  const { model, test, parameters } = await trainedModel(name, { folder, rows: ROWS });
  const dims = model.network.rowWidth;
  const solve = async (work: "log-prob" | "sample", tolerance: number, by: StepController) => {
    const settings = { ...accurateSolve, control: control(tolerance, by) };
    if (work === "log-prob") {
      const { logProb: values, reports } = await logProb(model, engines, test, { settings });
      return { values, reports };
    }
    const { samples, reports } = await sample(model, engines, { count: ROWS, settings });
    return { values: samples, reports };
  };
  const field = mlpFloat64Field(mlpFloat64({ dims, hidden: 32 }, parameters), {
    trace: "exact",
  });
  const works: Record<string, unknown> = {};
  for (const work of ["log-prob", "sample"] as const) {
    const columns = work === "sample" ? dims : 1;
    const { values: truth } = await solve(work, REFERENCE, integralController);
    const exact = await float64Values(work, { model, field, test });
    const checked = errors({ values: truth, reports: [] }, exact, columns).error;
    const curves: Record<string, Measured[]> = {};
    for (const controller of controllers) {
      curves[controller.name] = [];
      for (const tolerance of TOLERANCES) {
        const solved = await solve(work, tolerance, controller);
        const measured = rounded({
          tolerance,
          ...errors(solved, truth, columns),
          ...costs(solved),
        });
        if (measured.error > MARGIN * checked) curves[controller.name]!.push(measured);
      }
    }
    const ratios = ratiosOf(curves);
    works[work] = { referenceError: checked, ratios, curves };
    console.log(`\n${name}, ${work}: errors ${checked.toExponential(1)} of the reference`);
    console.table(tableOf(ratios));
  }
  model.parameters.dispose();
  return works;
}

/** The first rows' results in float64, to 1e-11. */
async function float64Values(work: "log-prob" | "sample", { model, field, test }: {
  readonly model: FlowModel;
  readonly field: ReturnType<typeof mlpFloat64Field>;
  readonly test: Float32Array;
}): Promise<Float64Array> {
  const dims = model.network.rowWidth, width = dims + 1;
  const noise = await sample(model, engines, { count: CHECKED_ROWS, times: [priorTime("cnf")] });
  const start = work === "sample" ? noise.states[0]! : test;
  const y0 = new Float64Array(CHECKED_ROWS * width);
  for (let row = 0; row < CHECKED_ROWS; row++) {
    for (let i = 0; i < dims; i++) y0[row * width + i] = start[row * dims + i]!;
  }
  const { y1: { data } } = await solveRows({
    ...accurateSolve,
    ...{ space: hostSpace, field, y0: hostRows(y0, CHECKED_ROWS, width), times: [], onStep: null },
    ...(work === "sample" ? { t0: 1, t1: 0 } : { t0: 0, t1: 1 }),
    ...{ control: control(1e-11, integralController), controlGroup: 1, maxSteps: 1e6 },
  });
  const rows = Array.from(
    { length: CHECKED_ROWS },
    (_, row) => data.subarray(row * width, (row + 1) * width),
  );
  return Float64Array.from(rows.flatMap((row) => {
    if (work === "sample") return [...row.subarray(0, dims)];
    const squares = row.subarray(0, dims).reduce((sum, z) => sum + z * z, 0);
    return [-0.5 * squares - 0.5 * dims * Math.log(2 * Math.PI) - row[dims]!];
  }));
}

/** Distances of rows from the truth, for as many as it has. */
function errors({ values }: Solved, truth: ArrayLike<number>, columns: number) {
  const distances = Array.from({ length: truth.length / columns }, (_, row) => {
    let square = 0;
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      square += (values[i]! - truth[i]!) ** 2;
    }
    return Math.sqrt(square);
  }).sort((a, b) => a - b);
  const squares = distances.reduce((sum, distance) => sum + distance ** 2, 0);
  const error = Math.sqrt(squares / distances.length);
  return { error, medianError: distances[distances.length >> 1]! };
}

/** Four digits, so that the record stays small. */
function rounded(measured: Measured): Measured {
  const entries = Object.entries(measured).map(([name, value]) => [name, +value.toPrecision(4)]);
  return Object.fromEntries(entries) as unknown as Measured;
}

function costs({ reports }: Solved) {
  const mean = (of: (report: SolveReport) => number) =>
    reports.reduce((sum, report) => sum + of(report), 0) / reports.length;
  return {
    nfe: mean(({ nfe }) => nfe),
    accepted: mean(({ accepted }) => accepted),
    rejected: mean(({ rejected }) => rejected),
  };
}

/** What each controller takes over what the default takes. */
function ratiosOf(curves: Readonly<Record<string, readonly Measured[]>>) {
  const reference = curves[integralController.name]!;
  const nfe = (one: Measured) => one.nfe, steps = (one: Measured) => one.accepted;
  return Object.fromEntries(
    Object.entries(curves).map(([name, curve]) => [name, {
      nfe: ratioAtEqualError(curve, reference, { cost: nfe, error: "error" }),
      nfeAtMedianError: ratioAtEqualError(curve, reference, { cost: nfe, error: "medianError" }),
      /** Accepted steps, with one VJP per stage in a direct gradient. */
      steps: ratioAtEqualError(curve, reference, { cost: steps, error: "error" }),
      /** The same setting, another error: geometric means over the tolerances that both have. */
      atTolerance: {
        nfe: ratioAtTolerance(curve, reference, nfe),
        error: ratioAtTolerance(curve, reference, ({ error }) => error),
      },
      rejectedShare: curve.reduce((sum, { accepted, rejected }) =>
        sum + rejected / (accepted + rejected), 0) / curve.length,
    }]),
  );
}

/** A table for the terminal: ratios to the default, rejected steps in percent. */
function tableOf(ratios: ReturnType<typeof ratiosOf>) {
  return Object.fromEntries(
    Object.entries(ratios).map(([name, ratio]) => [name, {
      "nfe": ratio.nfe.mean.toFixed(3),
      "from": ratio.nfe.least.toFixed(2),
      "to": ratio.nfe.most.toFixed(2),
      "by median error": ratio.nfeAtMedianError.mean.toFixed(3),
      "steps": ratio.steps.mean.toFixed(3),
      "nfe, same tolerance": ratio.atTolerance.nfe.toFixed(3),
      "its error": ratio.atTolerance.error.toFixed(3),
      "rejected, %": (100 * ratio.rejectedShare).toFixed(1),
    }]),
  );
}

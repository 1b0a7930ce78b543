import * as tf from "../../core/tfjs/library.ts";
import type { CnfLossSettings } from "../../flows/likelihood_problem.ts";
import { cnfLossAndGradient } from "../../flows/losses/cnf_loss.ts";
import { accurateSolve, type FlowModel, type TraceSettings } from "../../flows/model.ts";
import { type PointValues, toModel } from "../../flows/standardization.ts";
import { meanAndStdErr, median } from "../../metrics/statistics.ts";
import { simdEngine } from "../../ode/engines/cpu/simd_engine.ts";
import { type Engines, enginesInOrder } from "../../ode/engines/engines.ts";

/** One way to compute a CNF's loss and gradient, and what it gives and takes. */
export interface GradientFigures {
  /** How the divergence is computed. */
  readonly trace: "exact" | "hutchinson";
  /** Backpropagation through the solver's steps, or the adjoint ODE (`odeint_adjoint`). */
  readonly gradient: "direct" | "adjoint";
  /** rtol and atol of dopri5, of the forward and of the adjoint solve. */
  readonly tolerance: number;
  /** Mean negative log-likelihood of the batch in model units, in nats. */
  readonly loss: number;
  /** Relative L2 distance to the exact-trace gradient at {@link REFERENCE_TOLERANCE}. */
  readonly gradientError: number;
  /** The same to the gradient with the same trace and probes at that tolerance: the solver's part. */
  readonly solverError: number;
  /** Field evaluations of the forward solve, mean over control groups. */
  readonly nfe: number;
  /** Field evaluations with their VJPs of the gradient, mean over control groups. */
  readonly backwardNfe: number;
  /** Bytes of step records that one thread of the CPU engine keeps for the gradient. */
  readonly recordBytes: number;
  /** Median milliseconds of loss and gradient; the only figure that depends on the machine. */
  readonly stepMs: number;
}

/** Hutchinson's estimator over many draws of its probes. */
export interface ProbeFigures {
  /** Number of draws, each with one Rademacher probe per row. */
  readonly draws: number;
  /** rtol and atol. */
  readonly tolerance: number;
  /** Loss with the exact trace. */
  readonly exactLoss: number;
  /** Mean loss over the draws. */
  readonly loss: number;
  /** Standard error of that mean. */
  readonly lossStdErr: number;
  /** Standard deviation of the gradient over draws, relative to the exact gradient's norm. */
  readonly noise: number;
  /** Relative error of the mean gradient of the first draws; about `noise / sqrt(draws)` if unbiased. */
  readonly meanErrors: readonly { readonly draws: number; readonly error: number }[];
}

/** The ways to compute a CNF's gradient compared on the same weights and batch. */
export interface GradientComparison {
  /** Rows of the batch. */
  readonly rows: number;
  /** L2 norm of the gradient with the exact trace at {@link REFERENCE_TOLERANCE}. */
  readonly gradientNorm: number;
  /** One per trace, gradient and tolerance. */
  readonly figures: readonly GradientFigures[];
  /** The noise of Hutchinson's estimator. */
  readonly probes: ProbeFigures;
}

/** Inputs of {@link compareGradients}. */
export interface GradientComparisonOptions {
  /** [rows * w], in the data's units. */
  readonly batch: PointValues;
  /** rtol and atol of the compared solves. */
  readonly tolerances: readonly number[];
  /** Draws of Hutchinson's probes; at least 2. */
  readonly draws: number;
  /** Timed repetitions of each way. */
  readonly repeats: number;
  /** Rows that share a step size. */
  readonly controlGroup: number | "batch";
  /** Seed of the probes. */
  readonly seed: number;
  /** Milliseconds, from any origin; default `performance.now`. */
  readonly clock?: () => number;
  /** Awaited between solves; may throw to stop. */
  readonly onSolve?: () => Promise<void>;
}

/** Tolerance of the gradients that count as exact. */
export const REFERENCE_TOLERANCE = 1e-7;

/** Step limit of the compared solves: tight tolerances take more than training allows. */
const MAX_STEPS = 10_000;

const traces = {
  exact: { kind: "exact" },
  hutchinson: { kind: "hutchinson", distribution: "rademacher" },
} as const satisfies Readonly<Record<string, TraceSettings>>;

const gradients = ["direct", "adjoint"] as const;

/**
 * Compares exact trace and Hutchinson's estimator, direct gradient and adjoint, on one batch.
 *
 * @param model A CNF on points; its weights are not changed.
 * @throws {FailureError} If a solve fails.
 */
export async function compareGradients(
  model: FlowModel,
  engines: Engines,
  options: GradientComparisonOptions,
): Promise<GradientComparison> {
  const { tolerances, draws, repeats, controlGroup, seed } = options;
  const { clock = () => performance.now(), onSolve = () => Promise.resolve() } = options;
  const width = model.network.rowWidth;
  const values = toModel(model.standardization, options.batch);
  const rows = values.length / width;
  const batch = tf.tensor2d(values, [rows, width]);
  // Blocks of records are per thread, so with one their number is the same on every machine. All are kept, not
  // those of a few groups at a time: the table is about the methods.
  const { solveWithGradient: _, ...engine } = simdEngine({ threads: 1 });
  const oneThread = enginesInOrder(engine);

  const compute = async (way: Way, step = 0, on = engines): Promise<Computed> => {
    await onSolve();
    const started = clock();
    const found = await cnfLossAndGradient(
      model,
      on,
      batch,
      settingsOf(way, controlGroup),
      { seed, step },
    );
    try {
      const { recordBytes } = found;
      const [[loss], gradient, nfe, backwardNfe] = await Promise.all([
        found.loss.data(),
        found.gradient.data<"float32">(),
        found.nfe(),
        found.backwardNfe(),
      ]);
      const ms = clock() - started;
      return { loss: loss!, gradient, nfe, backwardNfe, recordBytes: recordBytes ?? 0, ms };
    } finally {
      tf.dispose([found.loss, found.gradient]);
    }
  };
  try {
    const reference = async (trace: keyof typeof traces) =>
      (await compute({ trace, gradient: "direct", tolerance: REFERENCE_TOLERANCE })).gradient;
    const references = {
      exact: await reference("exact"),
      hutchinson: await reference("hutchinson"),
    };
    const figures: GradientFigures[] = [];
    for (const tolerance of tolerances) {
      for (const trace of Object.keys(traces) as (keyof typeof traces)[]) {
        for (const gradient of gradients) {
          const way = { trace, gradient, tolerance };
          // The first also compiles and allocates.
          const { recordBytes } = await compute(way, 0, oneThread);
          const first = await compute(way);
          const times: number[] = [];
          for (let i = 0; i < repeats; i++) times.push((await compute(way)).ms);
          figures.push({
            ...way,
            loss: first.loss,
            gradientError: relativeDistance(first.gradient, references.exact),
            solverError: relativeDistance(first.gradient, references[trace]),
            nfe: first.nfe,
            backwardNfe: first.backwardNfe,
            recordBytes,
            stepMs: median(times) ?? first.ms,
          });
        }
      }
    }
    const tolerance = Math.min(...tolerances);
    const way = { trace: "hutchinson", gradient: "direct", tolerance } as const;
    const losses: number[] = [], found: Float32Array[] = [];
    for (let draw = 0; draw < draws; draw++) {
      const { loss, gradient } = await compute(way, draw);
      losses.push(loss);
      found.push(gradient);
    }
    const exact = figures.find((one) =>
      one.trace === "exact" && one.gradient === "direct" && one.tolerance === tolerance
    )!;
    const { mean, stdErr } = meanAndStdErr(losses);
    return {
      rows,
      gradientNorm: norm(references.exact),
      figures,
      probes: {
        draws,
        tolerance,
        exactLoss: exact.loss,
        loss: mean,
        lossStdErr: stdErr,
        ...gradientNoise(found, references.exact),
      },
    };
  } finally {
    batch.dispose();
  }
}

/** A way to compute the gradient. */
type Way = Pick<GradientFigures, "trace" | "gradient" | "tolerance">;

interface Computed {
  readonly loss: number;
  readonly gradient: Float32Array;
  readonly nfe: number;
  readonly backwardNfe: number;
  readonly recordBytes: number;
  readonly ms: number;
}

function settingsOf(
  { trace, gradient, tolerance }: Way,
  controlGroup: number | "batch",
): CnfLossSettings {
  const both = { rtol: tolerance, atol: tolerance };
  return {
    tableau: accurateSolve.tableau,
    control: { kind: "adaptive", ...both },
    controlGroup,
    maxSteps: MAX_STEPS,
    trace: traces[trace],
    gradient: gradient === "direct" ? { kind: "direct" } : { kind: "adjoint", ...both },
  };
}

/** Standard deviation over draws, and errors of the mean of the first 1, 2, 4, ... draws. */
function gradientNoise(
  draws: readonly Float32Array[],
  exact: Float32Array,
): Pick<ProbeFigures, "noise" | "meanErrors"> {
  const sum = new Float64Array(exact.length);
  const meanErrors: { draws: number; error: number }[] = [];
  draws.forEach((gradient, i) => {
    for (let k = 0; k < sum.length; k++) sum[k]! += gradient[k]!;
    const count = i + 1;
    // Powers of two, and all.
    if ((count & (count - 1)) === 0 || count === draws.length) {
      const error = relativeDistance(sum.map((value) => value / count), exact);
      meanErrors.push({ draws: count, error });
    }
  });
  let squares = 0;
  for (const gradient of draws) {
    for (let k = 0; k < sum.length; k++) squares += (gradient[k]! - sum[k]! / draws.length) ** 2;
  }
  const noise = Math.sqrt(squares / (draws.length - 1)) / norm(exact);
  return { noise, meanErrors };
}

function relativeDistance(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += (a[k]! - b[k]!) ** 2;
  return Math.sqrt(sum) / norm(b);
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let k = 0; k < values.length; k++) sum += values[k]! ** 2;
  return Math.sqrt(sum);
}

import type {
  AffineCotangent,
  GradientMethod,
  NumberRows,
  SolveProblem,
} from "../../ode/engines/engine.ts";
import { type Engines, solveOn } from "../../ode/engines/engines.ts";
import { columnsOf, cotangentOf, withZeros } from "../../ode/engines/number_rows.ts";
import { sumNumbers } from "../../ops/elementwise/sum_numbers.ts";
import { meanNfe } from "../../ode/engines/mean_nfe.ts";
import {
  type CnfLossSettings,
  type LikelihoodProblem,
  likelihoodProblem,
} from "../likelihood_problem.ts";
import type { FlowModel } from "../model.ts";
import { type NumberDensity, numberDensity } from "../sources/number_density.ts";
import type { StepDraw } from "./loss.ts";
import { predictedStepsOfNumbers } from "./number_predicted_steps.ts";
import { numbersOf, pullBackNumbers } from "./number_solutions.ts";

/** Loss of one batch, its gradient and what it penalises, as numbers. */
export interface NumberLoss {
  readonly loss: number;
  /** With respect to the flat parameter vector, in device order. */
  readonly gradient: Float32Array;
  /** Field evaluations of the forward solve, mean over control groups. */
  readonly nfe: number;
  /** Means over the batch; null if they are not penalised. */
  readonly energies: { readonly kinetic: number; readonly jacobian: number } | null;
  /** See `predictedSteps()`; null if they are not penalised. */
  readonly predictedSteps: number | null;
}

/**
 * `cnfLossAndGradient()` without tensors, on an engine with solutions and gradients as numbers. Loss and
 * gradient have the bits of those over tensors on the CPU.
 *
 * @param batch Data in model units, [n, d].
 * @param options.draw Probes are a function of this and the row.
 * @throws {RangeError} If the engine, or the density of the model's source, has tensors only.
 * @throws {FailureError} If the solve of a control group fails.
 */
export async function numberLikelihood(
  model: FlowModel,
  engines: Engines,
  batch: NumberRows,
  { settings, draw }: { readonly settings: CnfLossSettings; readonly draw: StepDraw },
): Promise<NumberLoss> {
  const density = numberDensity(model.source);
  if (density === null) throw new RangeError(`source ${model.source.name}: no density of numbers`);
  const [n, dims] = batch.shape;
  const problem = likelihoodProblem(model, settings, draw);
  const { solve, drawn, added, columns, energyWeights, stepsWeight } = problem;
  const width = dims + added;
  const y0 = { shape: [n, width] as const, values: withZeros(batch.values, dims, added) };
  const { y1, reports, gradient } = await solveAndPullBack(engines, { ...solve, y0 }, {
    cotangent: likelihoodCotangent(problem, density, [n, dims]),
    method: settings.gradient,
  });
  const meanOf = (first: number, end: number) => {
    const values = columnsOf(y1, [first, end], width);
    return sumNumbers(values, { scale: 1 / values.length });
  };
  const source = density.logDensity(columnsOf(y1, [0, dims], width), dims);
  const logDensity = sumNumbers(source, { scale: 1 / n });
  const loss = Math.fround(meanOf(dims, dims + columns) - logDensity);
  const energy = (column: number) => meanOf(dims + columns + column, dims + columns + column + 1);
  const energies = energyWeights.length > 0 ? { kinetic: energy(0), jacobian: energy(1) } : null;
  const predicted = stepsWeight === 0
    ? null
    : await predictedStepsOfNumbers(model, engines, batch, {
      trace: drawn,
      settings,
      step: draw.step,
    });
  if (predicted !== null) {
    const weight = Math.fround(stepsWeight);
    for (let i = 0; i < gradient.length; i++) {
      gradient[i]! += Math.fround(predicted.gradient[i]! * weight);
    }
  }
  const nfe = meanNfe(reports);
  return { loss, gradient, nfe, energies, predictedSteps: predicted?.steps ?? null };
}

/** Cotangent of the states at t1 of n rows of `dims` columns: the loss is the mean of change - log q(z). */
export function likelihoodCotangent(
  { added, columns, energyWeights }: LikelihoodProblem,
  { scoreSlope }: NumberDensity,
  [n, dims]: readonly [number, number],
): AffineCotangent {
  return {
    slope: Float32Array.of(
      ...new Array<number>(dims).fill(-scoreSlope / n),
      ...new Array<number>(added).fill(0),
    ),
    constant: Float32Array.of(
      ...new Array<number>(dims).fill(0),
      ...new Array<number>(columns).fill(1 / (n * columns)),
      ...energyWeights.map((weight) => weight / n),
    ),
  };
}

/** States at t1, reports and the parameters' gradient: in one go where the engine can. */
async function solveAndPullBack(
  engines: Engines,
  problem: SolveProblem,
  { cotangent, method }: {
    readonly cotangent: AffineCotangent;
    readonly method: GradientMethod;
  },
) {
  if (method.kind === "direct") {
    const engine = engines.firstThatSupports(problem);
    const solved = await engine.solveWithGradient?.(problem, cotangent) ?? null;
    if (solved !== null) {
      const { y1, reports, parameters: gradient } = solved;
      return { y1, reports, gradient };
    }
  }
  const solved = await solveOn(engines, problem);
  const { engine, solution } = solved;
  try {
    const { y1 } = numbersOf(solution), given = cotangentOf(y1, cotangent);
    const { parameters: gradient } = await pullBackNumbers(solved, given, method);
    return { y1, reports: await engine.report(solution)(), gradient };
  } finally {
    // Its records are not needed beside those of the predicted steps.
    solution.dispose();
  }
}

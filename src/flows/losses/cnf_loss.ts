import * as tf from "../../core/tfjs/library.ts";
import { type Late, ready } from "../../core/late.ts";
import type { SolveProblem } from "../../ode/engines/engine.ts";
import { type Engines, solveOn } from "../../ode/engines/engines.ts";
import { requireSolved } from "../../ode/solver/failure_message.ts";
import { meanNfe } from "../../ode/engines/mean_nfe.ts";
import {
  type CnfLossSettings,
  type LikelihoodProblem,
  likelihoodProblem,
} from "../likelihood_problem.ts";
import { numberDensity } from "../sources/number_density.ts";
import { requireLogDensity, scoreOf } from "../sources/source.ts";
import { likelihoodCotangent } from "./number_likelihood.ts";
import { predictedSteps } from "./predicted_steps.ts";
import type { Loss, LossAndGradient, StepDraw } from "./loss.ts";
import type { FlowModel } from "../model.ts";
import type { Scalar, Tensor1D, Tensor2D } from "../../core/tensors.ts";

/** {@link LossAndGradient} of a likelihood, with what the gradient took. */
export interface CnfLossAndGradient extends LossAndGradient {
  /** Field evaluations of the forward solve, mean over control groups. */
  readonly nfe: Late<number>;
  /** Field evaluations with their VJPs of the gradient, mean over control groups. */
  readonly backwardNfe: Late<number>;
  /** Bytes of the step records kept for the gradient; null if the engine does not know. */
  readonly recordBytes: number | null;
}

/** Negative log-likelihood as a training loss. */
export function likelihoodLoss(engines: Engines, settings: CnfLossSettings): Loss {
  return {
    name: "likelihood",
    lossAndGradient: (model, batch, draw) =>
      cnfLossAndGradient(model, engines, batch, settings, draw),
  };
}

/**
 * Mean negative log-likelihood of a batch under a CNF, in nats, and its gradient.
 *
 * log p(x) = log q(z(1)) + integral of tr(df/dz) dt with q the model's source; the state carries
 * logp with dlogp/dt = -tr(df/dz), so its final value is the change from data to prior.
 * Sources: Chen et al. 2018, Neural ODEs, Theorem 1; FFJORD (Grathwohl et al. 2019) for
 * Hutchinson's estimator with probes fixed per solve.
 *
 * With regularization the gradient is that of
 *   loss + kinetic * mean integral of |f|^2 dt + jacobian * mean integral of |df/dz|_F^2 dt
 * whose fields need fewer steps; the loss remains the likelihood. Hutchinson's probes estimate the
 * Jacobian's norm too. Source: Finlay et al. 2020, How to Train Your Neural ODE. And `steps` adds
 * its multiple of `predictedSteps()`.
 *
 * @param batch Data in model units, [n, d]; owned by the caller. With standardised data the loss
 *   is in nats of the standardised variables.
 * @param draw Probes are a function of this and the row.
 * @throws {FailureError} If the solve of a control group fails; engines that detect this late
 *   throw when `nfe` is read instead.
 */
export async function cnfLossAndGradient(
  model: FlowModel,
  engines: Engines,
  batch: Tensor2D,
  settings: CnfLossSettings,
  draw: StepDraw,
): Promise<CnfLossAndGradient> {
  const [n, dims] = batch.shape;
  const parts = likelihoodProblem(model, settings, draw);
  const { solve, drawn, added, stepsWeight } = parts;
  const y0 = tf.tidy(() => tf.concat2d([batch, tf.zeros([n, added])], 1));
  const problem: SolveProblem = { ...solve, y0 };
  const likelihood = { ...parts, model, logDensity: requireLogDensity(model.source), dims };
  const solved = await solveTogether(engines, problem, likelihood)
    .then((found) => found ?? solveThenPullBack(engines, problem, likelihood, settings))
    .finally(() => y0.dispose());
  if (stepsWeight === 0) return solved;
  try {
    const predicted = await predictedSteps(model, engines, batch, {
      trace: drawn,
      settings,
      step: draw.step,
    });
    const gradient = tf.tidy(() =>
      tf.add<Tensor1D>(solved.gradient, tf.mul(predicted.gradient, stepsWeight))
    );
    tf.dispose([solved.gradient, predicted.gradient]);
    return { ...solved, gradient, predictedSteps: predicted.steps };
  } catch (error) {
    tf.dispose([solved.loss, solved.gradient]);
    solved.energies?.dispose();
    throw error;
  }
}

/** What the solve of a likelihood is for. */
interface Likelihood extends LikelihoodProblem {
  readonly model: FlowModel;
  readonly logDensity: (z: Tensor2D) => Tensor1D;
  /** Columns of the points. */
  readonly dims: number;
}

/** The solve and its gradient in one go, which takes the memory of a few groups' records; null if it cannot. */
async function solveTogether(
  engines: Engines,
  problem: SolveProblem,
  likelihood: Likelihood,
): Promise<CnfLossAndGradient | null> {
  const density = numberDensity(likelihood.model.source);
  if (density === null || problem.keep.kind !== "records") return null;
  const { shape: [n, width] } = problem.y0;
  const cotangent = likelihoodCotangent(likelihood, density, [n, likelihood.dims]);
  const engine = engines.firstThatSupports(problem);
  const solved = await engine.solveWithGradient?.(problem, cotangent) ?? null;
  if (solved === null) return null;
  const { y1, reports, parameters, nfe: backwardNfe, recordBytes } = solved;
  return {
    ...tf.tidy(() => meansOf(tf.tensor2d(y1, [n, width]), likelihood)),
    gradient: tf.tensor1d(parameters),
    nfe: ready(meanNfe(reports)),
    ...{ backwardNfe, recordBytes },
  };
}

async function solveThenPullBack(
  engines: Engines,
  problem: SolveProblem,
  likelihood: Likelihood,
  settings: CnfLossSettings,
): Promise<CnfLossAndGradient> {
  const { engine, solution } = await solveOn(engines, problem);
  try {
    // No read-back between the solve and its VJP: it would stall a GPU.
    const report = engine.report(solution);
    const recordBytes = engine.recordBytes?.(solution) ?? null;
    const { cotangent, ...means } = tf.tidy(() => ({
      ...meansOf(solution.y1, likelihood),
      cotangent: cotangentOf(solution.y1, likelihood),
    }));
    try {
      const { y0, parameters, nfe: backwardNfe } = await engine.pullBack(
        solution,
        cotangent,
        settings.gradient,
      );
      y0.dispose();
      const nfe = async () => {
        const [reports] = await Promise.all([report(), backwardNfe()]);
        requireSolved(reports, { ...settings, maxStepsOption: "maxSteps" });
        return meanNfe(reports);
      };
      return { ...means, gradient: parameters, nfe, backwardNfe, recordBytes };
    } catch (error) {
      means.loss.dispose();
      means.energies?.dispose();
      throw error;
    } finally {
      cotangent.dispose();
    }
  } finally {
    solution.dispose();
  }
}

/** The loss, and the means of the energies if they are penalised, of the states at t1. */
function meansOf(
  y1: Tensor2D,
  { logDensity, dims, columns, energyWeights }: Likelihood,
): { readonly loss: Scalar; readonly energies?: Tensor1D } {
  const [n] = y1.shape;
  const change = tf.slice2d(y1, [0, dims], [n, columns]);
  const loss = tf.sub(tf.mean(change), tf.mean(logDensity(tf.slice2d(y1, [0, 0], [n, dims]))));
  if (energyWeights.length === 0) return { loss: loss as Scalar };
  // One by one: the bits of the numbers' sums, not those of a sum over rows.
  const energies = energyWeights.map((_, energy) =>
    tf.mean(tf.slice2d(y1, [0, dims + columns + energy], [n, 1]))
  );
  return { loss: loss as Scalar, energies: tf.stack(energies) as Tensor1D };
}

/** The cotangent of the states at t1. */
function cotangentOf(
  y1: Tensor2D,
  { model, logDensity, dims, columns, energyWeights }: Likelihood,
): Tensor2D {
  const [n] = y1.shape;
  const score = scoreOf(model.source, logDensity, tf.slice2d(y1, [0, 0], [n, dims]));
  return tf.concat2d([
    tf.mul<tf.Tensor2D>(score, -1 / n),
    tf.fill<tf.Rank.R2>([n, columns], 1 / (n * columns)),
    ...energyWeights.map((weight) => tf.fill<tf.Rank.R2>([n, 1], weight / n)),
  ], 1);
}

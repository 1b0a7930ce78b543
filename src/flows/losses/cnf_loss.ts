import * as tf from "../../core/tfjs/library.ts";
import type { Late } from "../../core/late.ts";
import { type Engines, solveOn } from "../../ode/engines/engines.ts";
import { requireSolved } from "../../ode/solver/failure_message.ts";
import { meanNfe } from "../../ode/engines/mean_nfe.ts";
import { type CnfLossSettings, likelihoodProblem } from "../likelihood_problem.ts";
import { requireLogDensity, scoreOf } from "../sources/source.ts";
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
  const logDensity = requireLogDensity(model.source);
  const [n, dims] = batch.shape;
  const problem = likelihoodProblem(model, settings, draw);
  const { solve, drawn, added, columns, energyWeights, stepsWeight } = problem;
  const y0 = tf.tidy(() => tf.concat2d([batch, tf.zeros([n, added])], 1));
  const { engine, solution } = await solveOn(engines, { ...solve, y0 })
    .finally(() => y0.dispose());
  try {
    // No read-back between the solve and its VJP: it would stall a GPU.
    const report = engine.report(solution);
    const recordBytes = engine.recordBytes?.(solution) ?? null;
    const { loss, cotangent, ...energies } = tf.tidy(() => {
      const z = tf.slice2d(solution.y1, [0, 0], [n, dims]);
      const change = tf.slice2d(solution.y1, [0, dims], [n, columns]);
      const loss = tf.sub(tf.mean(change), tf.mean(logDensity(z))) as Scalar;
      const score = scoreOf(model.source, logDensity, z);
      const ofChange = tf.fill<tf.Rank.R2>([n, columns], 1 / (n * columns));
      const cotangents = [tf.mul<tf.Tensor2D>(score, -1 / n), ofChange];
      for (const weight of energyWeights) cotangents.push(tf.fill([n, 1], weight / n));
      const cotangent = tf.concat2d(cotangents, 1);
      if (energyWeights.length === 0) return { loss, cotangent };
      // One by one: the bits of the numbers' sums, not those of a sum over rows.
      const means = energyWeights.map((_, energy) =>
        tf.mean(tf.slice2d(solution.y1, [0, dims + columns + energy], [n, 1]))
      );
      return { loss, cotangent, energies: tf.stack(means) as Tensor1D };
    });
    try {
      const gradient = await engine.pullBack(solution, cotangent, settings.gradient);
      gradient.y0.dispose();
      const predicted = stepsWeight === 0 ? null : await predictedSteps(model, engines, batch, {
        trace: drawn,
        settings,
        step: draw.step,
      }).catch((error) => {
        gradient.parameters.dispose();
        throw error;
      });
      const nfe = async () => {
        const [reports] = await Promise.all([report(), gradient.nfe()]);
        requireSolved(reports, { ...settings, maxStepsOption: "maxSteps" });
        return meanNfe(reports);
      };
      const { nfe: backwardNfe } = gradient;
      const parameters = predicted === null
        ? gradient.parameters
        : tf.tidy(() =>
          tf.add<Tensor1D>(gradient.parameters, tf.mul(predicted.gradient, stepsWeight))
        );
      if (predicted !== null) tf.dispose([gradient.parameters, predicted.gradient]);
      const rest = {
        ...{ backwardNfe, recordBytes },
        ...energies,
        ...(predicted === null ? {} : { predictedSteps: predicted.steps }),
      };
      return { loss, gradient: parameters, nfe, ...rest };
    } catch (error) {
      loss.dispose();
      energies.energies?.dispose();
      throw error;
    } finally {
      cotangent.dispose();
    }
  } finally {
    solution.dispose();
  }
}

import { ready } from "../../core/late.ts";
import { penalisesEnergies } from "../../core/options/energy_weights.ts";
import { numberLikelihood } from "../../flows/losses/number_likelihood.ts";
import { dopri5Error, predictedRows } from "../../flows/losses/step_prediction.ts";
import { numberDensity } from "../../flows/sources/number_density.ts";
import { standardNormal } from "../../flows/sources/standard_normal.ts";
import { energyColumns } from "../../ode/energies.ts";
import { fits } from "../../ode/engines/cpu/mlp_problem.ts";
import type { Support } from "../../ode/engines/engine.ts";
import type { Engines } from "../../ode/engines/engines.ts";
import { simdChoice } from "../../threads/simd_module.ts";
import { namesOf } from "../config/flow_values.ts";
import { emaDecay } from "../optimizer/ema.ts";
import { NumberAdam } from "../optimizer/number_adam.ts";
import { learningRate, scheduleOf } from "../optimizer/schedule.ts";
import type { TrainedVectors } from "../run/checkpoint.ts";
import { modelOf } from "../run/load_run.ts";
import type { TrainingPlan } from "../training_plan.ts";
import { likelihoodSettings } from "../training_loss.ts";
import { BatchRows } from "./batch_rows.ts";
import { lossOffset } from "./loss_offset.ts";
import { atStep } from "./step_failure.ts";
import type { TakenStep, Trainer } from "./trainer.ts";

/** Whether a plan's steps need no tensors on the CPU backend: by kinds and shapes alone, like an engine's. */
export function supportsNumbers({ config, network, values }: TrainingPlan): Support {
  const no = (reason: string): Support => ({ kind: "no", reasons: [reason] });
  if (config.model !== "cnf") return no("it takes likelihoods only");
  const { fused, rowWidth } = network;
  if (fused?.kind !== "mlp") return no(`it takes networks of kind mlp, not ${network.kind}`);
  const { source = standardNormal } = values;
  if (numberDensity(source) === null) return no(`the density of ${source.name} takes tensors`);
  const { tableau, controlGroup, trace, gradient, regularization } = likelihoodSettings(config);
  const energies = regularization != null && penalisesEnergies(regularization);
  const drawn = { kind: trace.kind }, { batchSize } = config;
  const field = { ...fused, trace: { ...drawn, ...(energies ? { energies: true as const } : {}) } };
  const width = rowWidth + 1 + energyColumns(field.trace);
  const fitting = fits({
    ...{ field, tableau, controlGroup, y0: { shape: [batchSize, width] } },
    keep: { kind: gradient.kind === "direct" ? "records" : "end" },
  });
  if (!fitting) return no(`width ${fused.hidden} and ${batchSize} rows do not fit its memory`);
  // The prediction's step has more stages than most methods, and records whatever the gradient is.
  const rows = predictedRows(batchSize, { controlGroup });
  const predicting = !regularization?.steps || fits({
    ...{ field: { ...fused, trace: drawn }, tableau: dopri5Error, controlGroup },
    ...{ y0: { shape: [rows, rowWidth + 1] }, keep: { kind: "records" } },
  });
  return predicting
    ? { kind: "yes" }
    : no(`a step of ${rows} rows whose steps are predicted does not fit its memory`);
}

/**
 * Training by likelihood on the CPU engine without tensors, one step per call: the steps of
 * `tensorTrainer()`, bit for bit.
 *
 * @throws {RangeError} In a step, if {@link supportsNumbers} says no.
 */
export async function likelihoodTrainer(
  plan: TrainingPlan,
  { checkpoint, engines }: { readonly checkpoint: TrainedVectors; readonly engines: Engines },
): Promise<Trainer> {
  const { config, values } = plan;
  const { seed, clip, weightDecay, ema } = config;
  const { weights, ema: average, moments } = checkpoint;
  const model = modelOf({ ...plan, flowValues: namesOf(values) }, weights, values);
  const adam = await NumberAdam.start({
    ...{ weights, moments, average: ema === 0 ? null : average ?? weights },
  }, simdChoice(config)).catch((error) => {
    model.parameters.dispose();
    throw error;
  });
  const settings = likelihoodSettings(config), schedule = scheduleOf(config);
  const batches = new BatchRows(plan);
  const takeStep = async (step: number): Promise<TakenStep> => {
    const { points, rows } = batches.at(step), width = model.network.rowWidth;
    const batch = { shape: [rows.length / width, width] as const, values: rows };
    const { loss, gradient, nfe, energies, predictedSteps } = await numberLikelihood(
      ...[model, engines, batch, { settings, draw: { seed, step } }] as const,
    ).catch((error) => {
      throw atStep(error, { step: step + 1, done: step, config });
    });
    adam.update(gradient, {
      ...{ step, clip, weightDecay },
      lr: learningRate(schedule, step),
      averageDecay: emaDecay(ema, step),
    });
    model.parameters.replaceNumbers(adam.weights());
    const penalised = {
      ...energies,
      ...(predictedSteps === null ? {} : { predictedSteps }),
    };
    return {
      step: step + 1,
      loss: ready(loss + lossOffset(model, points)),
      nfe: ready(nfe),
      energies: energies === null && predictedSteps === null ? null : ready(penalised),
      dispose: () => {},
    };
  };
  return {
    way: "numbers",
    take: async (done) => [await takeStep(done)],
    read() {
      const { weights, average, moments } = adam.read();
      return Promise.resolve({ weights, ema: average, moments });
    },
    sampledWeights() {
      const { weights, average } = adam.read();
      return Promise.resolve(average ?? weights);
    },
    dispose() {
      model.parameters.dispose();
      adam.dispose();
    },
  };
}

import { ready } from "../../core/late.ts";
import { fillInputs } from "../../flows/regression/fill_inputs.ts";
import {
  regressionFits,
  type RegressionShape,
  usefulThreads,
} from "../../flows/regression/regression_sizes.ts";
import { type RegressionDraws, RegressionSteps } from "../../flows/regression/regression_steps.ts";
import { independentCoupling } from "../../flows/couplings/coupling.ts";
import { stepKeys } from "../../flows/losses/fm_draws.ts";
import { linearPath } from "../../flows/paths/linear_path.ts";
import { standardNormal } from "../../flows/sources/standard_normal.ts";
import { uniformTimes } from "../../flows/times/uniform_times.ts";
import type { Support } from "../../ode/engines/engine.ts";
import { simdChoice } from "../../threads/simd_module.ts";
import { ThreadChoice } from "../../threads/thread_choice.ts";
import { emaDecay } from "../optimizer/ema.ts";
import { learningRate, scheduleOf } from "../optimizer/schedule.ts";
import type { TrainedVectors } from "../run/checkpoint.ts";
import type { TrainingPlan } from "../training_plan.ts";
import { BatchRows } from "./batch_rows.ts";
import { atStep } from "./step_failure.ts";
import type { Trainer } from "./trainer.ts";

/** Time that a call takes at most once its steps have been timed: the event loop waits as long. */
const CALL_MS = 20;

/** Steps of the first call. */
const FIRST_STEPS = 4;

/** Network and batch of a plan whose steps may be fused; otherwise why they are not. */
function shapeOf({ config, network }: TrainingPlan): RegressionShape | string {
  const { fused } = network;
  if (config.model !== "fm") return "it takes flow matching only";
  if (fused?.kind !== "mlp") return `it takes networks of kind mlp, not ${network.kind}`;
  const { dims, hidden } = fused;
  return { dims, hidden, rows: config.batchSize, averages: config.ema !== 0 };
}

/** Whether a plan's steps may be fused on the CPU backend: by kinds and shapes alone, like an engine's. */
export function supportsFused(plan: TrainingPlan): Support {
  const shape = shapeOf(plan);
  if (typeof shape === "string") return { kind: "no", reasons: [shape] };
  if (regressionFits(shape)) return { kind: "yes" };
  const { hidden, rows } = shape;
  return { kind: "no", reasons: [`width ${hidden} and ${rows} rows do not fit its memory`] };
}

/** The draws of a plan, if the steps can make them themselves: those of the default path and values. */
function drawsOf({ config: { sigmaMin = 0 }, values }: TrainingPlan): RegressionDraws | null {
  const { path, source = standardNormal, coupling = independentCoupling, times = uniformTimes } =
    values;
  const isDefault = path === undefined && source === standardNormal &&
    coupling === independentCoupling && times === uniformTimes;
  return isDefault ? { slope: Math.fround(1 - sigmaMin) } : null;
}

/**
 * Flow matching on points in fused steps (`RegressionSteps`), several per call.
 *
 * @param from.checkpoint The state from which training goes on.
 * @throws {RangeError} If {@link supportsFused} says no.
 */
export async function fusedTrainer(
  plan: TrainingPlan,
  { checkpoint, threads, clock }: {
    readonly checkpoint: TrainedVectors;
    readonly threads: number;
    readonly clock: () => number;
  },
): Promise<Trainer> {
  const { config, values } = plan;
  const { seed, clip, weightDecay, sigmaMin = 0, ema, portableBits } = config;
  const { path = linearPath(sigmaMin), source = standardNormal, coupling, times } = values;
  const shape = shapeOf(plan);
  if (typeof shape === "string") throw new RangeError(`fused steps: ${shape}`);
  const { weights, ema: average, moments: { m, v } } = checkpoint;
  const start = { weights, average: shape.averages ? average ?? weights : null, m, v };
  const build = simdChoice({ portableBits });
  const options = { threads: usefulThreads(shape, threads), build, clip, weightDecay };
  const draws = drawsOf(plan);
  const regression = await RegressionSteps.start(shape, start, { ...options, draws });
  const batches = new BatchRows(plan);
  const schedule = scheduleOf(config);
  const settingsOf = (step: number) => ({
    step,
    lr: learningRate(schedule, step),
    averageDecay: emaDecay(ema, step),
    ...(draws === null ? {} : { keys: stepKeys({ seed, step }) }),
  });
  const fill = (index: number, step: number) => {
    const inputs = regression.inputs(index);
    batches.write(step, inputs.x1);
    if (draws === null) {
      fillInputs(inputs, { path, source }, {
        ...{ coupling, times, first: 0 },
        ...stepKeys({ seed, step }),
      });
    }
  };
  const choice = new ThreadChoice(regression.threads);
  let perCall = FIRST_STEPS;
  return {
    way: "fused",
    take(done, most) {
      const begin = clock();
      const wanted = Math.min(most, perCall, regression.mostSteps);
      let filled = 0;
      try {
        for (; filled < wanted; filled++) fill(filled, done + filled);
      } catch (error) {
        // The steps before it are taken; the next call meets the error first.
        if (filled === 0) throw atStep(error, { step: done + 1, done, config });
      }
      const settings = Array.from({ length: filled }, (_, i) => settingsOf(done + i));
      const used = choice.next(), started = clock();
      const losses = regression.run(settings, used);
      const end = clock(), stepMs = (end - begin) / filled;
      choice.record(used, (end - started) / filled);
      perCall = Math.max(1, Math.min(2 * perCall, Math.floor(CALL_MS / stepMs) || 1));
      return Promise.resolve(Array.from(losses, (loss, i) => ({
        step: done + i + 1,
        loss: ready(loss),
        nfe: null,
        energies: null,
        dispose: () => {},
      })));
    },
    read() {
      const { weights, average, m, v } = regression.read();
      return Promise.resolve({ weights, ema: average, moments: { m, v } });
    },
    sampledWeights() {
      const { weights, average } = regression.read();
      return Promise.resolve(average ?? weights);
    },
    dispose: () => regression.dispose(),
  };
}

import type { FlowModel } from "../../flows/model.ts";
import { Parameters } from "../../core/parameters.ts";
import type { Network } from "../../nn/network.ts";
import { FailureError } from "../../core/errors.ts";
import { uninterrupted } from "../../core/stop.ts";
import type * as tf from "@tensorflow/tfjs";
import type { Checkpoint } from "../run/checkpoint.ts";
import type { TrainConfig } from "../options/table.ts";
import { type FlowValues, namesOf } from "../config/flow_values.ts";
import { emaDecay } from "./ema.ts";
import { modelOf, type RunConfig } from "../run/load_run.ts";
import { Adam } from "./optimizer.ts";
import { learningRate, type Schedule } from "./schedule.ts";
import { option } from "../../core/options/spelling.ts";

/**
 * What training changes, on the device: weights, Adam's moments, the moving
 * average. Dispose it.
 */
export class Learner {
  /** The model with the weights of training. Owned by the learner. */
  readonly model: FlowModel;
  readonly #config: TrainConfig;
  readonly #schedule: Schedule;
  readonly #adam: Adam;

  /** Starts where a checkpoint stands. */
  constructor(
    config: TrainConfig,
    network: Network,
    from:
      & Pick<Checkpoint, "weights" | "ema" | "moments">
      & Pick<RunConfig, "standardization">
      & { readonly values?: FlowValues },
  ) {
    const { schedule, lr, warmup, lrHorizon = Infinity } = config;
    const { standardization, values = {} } = from;
    const run = { config, network, standardization, flowValues: namesOf(values) };
    this.model = modelOf(run, from.weights, values);
    this.#config = config;
    this.#schedule = { kind: schedule, lr, warmup, horizon: lrHorizon };
    try {
      this.#adam = new Adam(from.moments, config.ema === 0 ? null : from.ema ?? from.weights);
    } catch (error) {
      this.model.parameters.dispose();
      throw error;
    }
  }

  /**
   * Takes one step of Adam, and the average with it, to its end even where work is to end early;
   * nothing is read back.
   *
   * @param gradient Stays the caller's.
   * @param step From 0.
   */
  update(gradient: tf.Tensor1D, step: number): void {
    const { clip, weightDecay, ema } = this.#config;
    const { parameters } = this.model;
    const lr = learningRate(this.#schedule, step);
    const averageDecay = emaDecay(ema, step);
    const settings = { step, lr, clip, weightDecay, averageDecay };
    // A step that is given up half-way would leave weights, or moments, of the next one.
    uninterrupted(() => parameters.replace(this.#adam.update(parameters.flat, gradient, settings)));
  }

  /**
   * Where training stands, read back.
   *
   * @param step Steps done.
   * @throws {FailureError} If a weight is NaN or infinite: what would be saved is not good.
   */
  async read(step: number): Promise<Checkpoint> {
    const [weights, ema, moments] = await Promise.all([
      this.model.parameters.read(),
      this.#adam.readAverage(),
      this.#adam.read(),
    ]);
    for (const values of [weights, ema ?? [], moments.m, moments.v]) {
      if (!values.every(Number.isFinite)) {
        throw new FailureError(
          `step ${step}: the weights or their moments are no longer finite; try a ${
            option("lr")
          } ` +
            `below ${this.#config.lr} first, then ${
              option("clip")
            }; the last good checkpoint stays`,
        );
      }
    }
    return { step, seed: this.#config.seed, weights, ema, moments };
  }

  /** Lends the model that samples are drawn from: the moving average where there is one. */
  async withSampledModel<T>(use: (model: FlowModel) => Promise<T>): Promise<T> {
    const average = await this.#adam.readAverage();
    if (average === null) return use(this.model);
    const parameters = Parameters.fromFlat(this.model.parameters.layout, average);
    try {
      return await use({ ...this.model, parameters });
    } finally {
      parameters.dispose();
    }
  }

  dispose(): void {
    this.model.parameters.dispose();
    this.#adam.dispose();
  }
}

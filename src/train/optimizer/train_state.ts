import type { FlowModel } from "../../flows/model.ts";
import type { Network } from "../../nn/network.ts";
import { uninterrupted } from "../../core/stop.ts";
import type * as tf from "@tensorflow/tfjs";
import type { TrainedVectors } from "../run/checkpoint.ts";
import type { TrainConfig } from "../options/table.ts";
import { type FlowValues, namesOf } from "../config/flow_values.ts";
import { emaDecay } from "./ema.ts";
import { modelOf, type RunConfig } from "../run/load_run.ts";
import { Adam } from "./optimizer.ts";
import { learningRate, type Schedule, scheduleOf } from "./schedule.ts";

/**
 * Mutable state of training on the device: weights, Adam's moments and the moving average. Call
 * `dispose()` when done.
 */
export class TrainState {
  /** The model with the training weights, owned by this object. */
  readonly model: FlowModel;
  readonly #config: TrainConfig;
  readonly #schedule: Schedule;
  readonly #adam: Adam;

  /** Starts from a checkpoint. */
  constructor(
    config: TrainConfig,
    network: Network,
    from:
      & TrainedVectors
      & Pick<RunConfig, "standardization">
      & { readonly values?: FlowValues },
  ) {
    const { standardization, values = {} } = from;
    const run = { config, network, standardization, flowValues: namesOf(values) };
    this.model = modelOf(run, from.weights, values);
    this.#config = config;
    this.#schedule = scheduleOf(config);
    try {
      this.#adam = new Adam(from.moments, config.ema === 0 ? null : from.ema ?? from.weights);
    } catch (error) {
      this.model.parameters.dispose();
      throw error;
    }
  }

  /**
   * Applies one step of Adam and updates the average, without a read-back. Completes even if the
   * process is asked to stop.
   *
   * @param gradient Owned by the caller.
   * @param step Training step, from 0.
   */
  update(gradient: tf.Tensor1D, step: number): void {
    const { clip, weightDecay, ema } = this.#config;
    const { parameters } = this.model;
    const lr = learningRate(this.#schedule, step);
    const averageDecay = emaDecay(ema, step);
    const settings = { step, lr, clip, weightDecay, averageDecay };
    // An interrupted update would leave weights or moments of the next step behind.
    uninterrupted(() => parameters.replace(this.#adam.update(parameters.flat, gradient, settings)));
  }

  /** Reads the state back. */
  async read(): Promise<TrainedVectors> {
    const [weights, ema, moments] = await Promise.all([
      this.model.parameters.read(),
      this.#adam.readAverage(),
      this.#adam.read(),
    ]);
    return { weights, ema, moments };
  }

  /** The weights for sampling: the moving average if there is one. */
  async sampledWeights(): Promise<Float32Array> {
    return await this.#adam.readAverage() ?? await this.model.parameters.read();
  }

  dispose(): void {
    this.model.parameters.dispose();
    this.#adam.dispose();
  }
}

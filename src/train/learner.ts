import type { FlowModel } from "../flows/model.ts";
import { Parameters } from "../kernels/parameters.ts";
import { networkLayout } from "../nn/layout.ts";
import type { Network } from "../nn/network.ts";
import { FailureError } from "../runtime/errors.ts";
import type * as tf from "@tensorflow/tfjs";
import type { Checkpoint } from "./checkpoint.ts";
import type { TrainConfig } from "./config.ts";
import { MovingAverage } from "./ema.ts";
import { Adam, clipByNorm } from "./optimizer.ts";
import { learningRate, type Schedule } from "./schedule.ts";

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
  readonly #average: MovingAverage | null;

  /** Starts where a checkpoint stands. */
  constructor(
    config: TrainConfig,
    network: Network,
    from: Pick<Checkpoint, "weights" | "ema" | "moments">,
  ) {
    const { model: kind, sigmaMin = 0, schedule, lr, warmup, lrHorizon = Infinity } = config;
    const parameters = Parameters.fromFlat(networkLayout(network), from.weights);
    this.model = { kind, network, parameters, sigmaMin };
    this.#config = config;
    this.#schedule = { kind: schedule, lr, warmup, horizon: lrHorizon };
    this.#adam = new Adam(from.moments);
    this.#average = config.ema === 0
      ? null
      : new MovingAverage(config.ema, from.ema ?? from.weights);
  }

  /**
   * Takes one step of Adam; nothing is read back.
   *
   * @param gradient Stays the caller's.
   * @param step From 0.
   */
  update(gradient: tf.Tensor1D, step: number): void {
    const { clip, weightDecay } = this.#config;
    const { parameters } = this.model;
    const clipped = clip === 0 ? gradient : clipByNorm(gradient, clip);
    const lr = learningRate(this.#schedule, step);
    parameters.replace(this.#adam.update(parameters.flat, clipped, { step, lr, weightDecay }));
    if (clipped !== gradient) clipped.dispose();
    this.#average?.update(parameters.flat, step);
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
      this.#average?.read() ?? null,
      this.#adam.read(),
    ]);
    for (const values of [weights, ema ?? [], moments.m, moments.v]) {
      if (!values.every(Number.isFinite)) {
        throw new FailureError(
          `step ${step}: the weights or their moments are no longer finite; the last good ` +
            "checkpoint stays; try a smaller --lr, or --clip",
        );
      }
    }
    return { step, seed: this.#config.seed, weights, ema, moments };
  }

  /** Lends the model that samples are drawn from: the moving average where there is one. */
  async withSampledModel<T>(use: (model: FlowModel) => Promise<T>): Promise<T> {
    if (this.#average === null) return use(this.model);
    const { layout } = this.model.parameters;
    const parameters = Parameters.fromFlat(layout, await this.#average.read());
    try {
      return await use({ ...this.model, parameters });
    } finally {
      parameters.dispose();
    }
  }

  dispose(): void {
    this.model.parameters.dispose();
    this.#adam.dispose();
    this.#average?.dispose();
  }
}

import type { Late } from "../../core/late.ts";
import type { TrainedVectors } from "../run/checkpoint.ts";

/** What a batch's gradient penalises besides the likelihood, where it does. */
export interface Energies {
  /** Integral of |f|^2 over the solve, mean over the rows: see `energyParts`. */
  readonly kinetic?: number;
  /** Integral of |df/dz|_F^2. */
  readonly jacobian?: number;
  /** Number of steps that a solve at 1e-5 would take: see `predictedSteps()`. */
  readonly predictedSteps?: number;
}

/** A step that was taken; its figures may still be on the device. */
export interface TakenStep {
  /** Steps of the run done with it. */
  readonly step: number;
  /** Loss of the batch; a likelihood is in the data's units. */
  readonly loss: Late<number>;
  /**
   * Mean field evaluations per solve; null if nothing is solved. Rejects with a `Stopped` if a stop was asked for before it
   * was known that the step has to be taken again: it is discarded, with all after it.
   */
  readonly nfe: Late<number> | null;
  /** What the gradient penalises; null if nothing. */
  readonly energies: Late<Energies> | null;
  /**
   * Whether the figures are known without waiting for a device, for trainers that read them on their own.
   * Absent: the reader decides when to wait for them.
   */
  readonly isKnown?: () => boolean;
  /** Frees what holds the figures. */
  dispose(): void;
}

/**
 * How steps are computed: `fused`, several per call in WebAssembly; `numbers`, each by an engine on
 * arrays; `device`, recorded ahead of the host on a GPU; or each as tensor operations.
 */
export type TrainingWay = "fused" | "numbers" | "device" | "tensors";

/**
 * The weights of a training run, and its steps: each is a function of the state after the step before, of
 * config and data, whatever the number of steps per call. Call `dispose()` when done.
 */
export interface Trainer {
  readonly way: TrainingWay;
  /**
   * Takes steps.
   *
   * @param done Steps done before.
   * @param most Largest number of steps; at least 1.
   * @returns At least one step, each taken as a whole; none only if a stop was asked for.
   * @throws {Stopped} If the step was interrupted and discarded.
   * @throws {FailureError} With the number of the step.
   */
  take(done: number, most: number): Promise<readonly TakenStep[]>;
  /** The state after all steps taken, which may hold numbers that are NaN or infinite. */
  read(): Promise<TrainedVectors>;
  /** The weights for sampling: the moving average if there is one. */
  sampledWeights(): Promise<Float32Array>;
  dispose(): void;
}

import type { Dataset } from "../data/dataset.ts";
import type { FlowModel } from "../flows/model.ts";
import type { Network } from "../nn/network.ts";
import type { Engines } from "../ode/engines/engines.ts";
import type { Backend } from "../backends/backend.ts";
import type { TrainConfig } from "./options/table.ts";
import type { EvaluationEntry } from "./run/training_log.ts";

/** What is about to be trained. */
export interface TrainStart {
  /** The run's folder. */
  readonly run: string;
  /** Everything that the run is a function of. */
  readonly config: TrainConfig;
  /** The velocity network. */
  readonly network: Network;
  /** Where it computes; it stays open after training. */
  readonly backend: Backend;
  /** Why this backend. */
  readonly backendReason: string;
  /** Steps done before, by this run's earlier sessions. */
  readonly step: number;
  /** Steps of the whole run. */
  readonly steps: number;
  /** Whole batches in the training data. */
  readonly stepsPerEpoch: number;
  /** What is to be said about the data and how they are taken, for people; a line each. */
  readonly remarks: readonly string[];
}

/** A training step that was done. */
export interface TrainProgress {
  /** From 1. */
  readonly step: number;
  /** Of the whole run. */
  readonly steps: number;
  /** From 1. */
  readonly epoch: number;
  /** Of the whole run, the last perhaps not whole. */
  readonly epochs: number;
  /** Of the batch; a CNF's in nats. */
  readonly loss: number;
  /** Rows of data a second, pictures and evaluations not counted. */
  readonly samplesPerSecond: number;
}

/** What there is to draw pictures from during training. */
export interface PictureView {
  /** The run's folder. */
  readonly run: string;
  /** Steps done. */
  readonly step: number;
  /** The epoch that the step belongs to, from 1. */
  readonly epoch: number;
  /** The run's. */
  readonly config: TrainConfig;
  /** What is learnt. */
  readonly dataset: Dataset;
  /** With the weights that samples are drawn from; it is gone when the hook's promise settles. */
  readonly model: FlowModel;
  /** To sample with. */
  readonly engines: Engines;
}

/** Which pictures are meant. */
export type PicturesAt = Pick<PictureView, "run" | "step" | "epoch">;

/** How a session of training ended. */
export interface TrainEnd {
  /** `interrupted`: it goes on another time. */
  readonly kind: "finished" | "interrupted" | "alreadyFinished";
  /** The run's folder. */
  readonly run: string;
  /** Steps done. */
  readonly step: number;
}

/** What a caller may want to know while training goes on. Each may be left out. */
export interface TrainHooks {
  /** Called once, if a run that is resumed is still held by another process, for which it waits. */
  readonly onWait?: (run: string, mostSeconds: number) => void;
  /** Awaited once, when the folder is held and the backend open. */
  readonly onStart?: (start: TrainStart) => unknown;
  /** Called in order for every step, on a GPU a few steps late. */
  readonly onStep?: (progress: TrainProgress) => void;
  /** Called every `evalEvery` epochs and at the end. */
  readonly onEvaluation?: (evaluation: EvaluationEntry) => void;
  /** Awaited, every `sampleEvery` epochs and at the end, unless {@link hasPictures}. */
  readonly onPictures?: (view: PictureView) => Promise<void>;
  /**
   * Whether the pictures of a step are there, all before it included; a finished run is not done
   * without them. When left out, they are there in a finished run, and drawn where another resumes.
   */
  readonly hasPictures?: (at: PicturesAt) => Promise<boolean>;
  /** Awaited at the end, unless that is an error, while the folder is still held. */
  readonly onEnd?: (end: TrainEnd) => Promise<void>;
}

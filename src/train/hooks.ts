import type { Dataset } from "../data/dataset.ts";
import type { FlowModel } from "../flows/model.ts";
import type { Standardization } from "../flows/standardization.ts";
import type { Network } from "../nn/network.ts";
import type { Engines } from "../ode/engines/engines.ts";
import type { Backend } from "../backends/backend.ts";
import type { TrainConfig } from "./options/table.ts";
import type { TrainingWay } from "./steps/trainer.ts";
import type { EvaluationEntry } from "./run/training_log.ts";

/** A training session about to start. */
export interface TrainStart {
  /** The run's folder. */
  readonly run: string;
  /** All settings that the run is a function of. */
  readonly config: TrainConfig;
  /** Data set of the run. */
  readonly dataset: Dataset;
  /** The velocity network. */
  readonly network: Network;
  /** The map between the data's units and the model's; null if there is none. */
  readonly standardization: Standardization | null;
  /** Compute backend; remains open after training. */
  readonly backend: Backend;
  /** Reason for choosing this backend. */
  readonly backendReason: string;
  /** How its training steps are computed. */
  readonly way: TrainingWay;
  /** Steps already done by earlier sessions of this run. */
  readonly step: number;
  /** Total steps of the run. */
  readonly steps: number;
  /** Number of whole batches in the training data. */
  readonly stepsPerEpoch: number;
  /** Number of rows that train, that validate (0: none) and that evaluations are over. */
  readonly rows: { readonly train: number; readonly validation: number; readonly test: number };
  /** Steps between validations; 0: only at the end. */
  readonly validationSteps: number;
  /** Human-readable remarks about the data and how they are used, and on what solves run, one line each. */
  readonly remarks: readonly string[];
}

/** A completed training step. */
export interface TrainProgress {
  /** Step number, from 1. */
  readonly step: number;
  /** Total steps of the run. */
  readonly steps: number;
  /** Epoch number, from 1. */
  readonly epoch: number;
  /** Total epochs of the run; the last may be partial. */
  readonly epochs: number;
  /** Loss of the batch; in nats for a CNF. */
  readonly loss: number;
  /** Rows of data per second, excluding pictures and evaluations. */
  readonly samplesPerSecond: number;
}

/** Everything available for drawing pictures during training. */
export interface PictureView {
  /** The run's folder. */
  readonly run: string;
  /** Steps done. */
  readonly step: number;
  /** The epoch that the step belongs to, from 1. */
  readonly epoch: number;
  /** Config of the run. */
  readonly config: TrainConfig;
  /** Data set of the run. */
  readonly dataset: Dataset;
  /** Model with the sampling weights; disposed when the hook's promise settles. */
  readonly model: FlowModel;
  /** Engines for sampling. */
  readonly engines: Engines;
}

/** Identifies a set of pictures. */
export type PicturesAt = Pick<PictureView, "run" | "step" | "epoch">;

/** How a session of training ended. */
export interface TrainEnd {
  /** `interrupted`: it can be resumed. */
  readonly kind: "finished" | "interrupted" | "alreadyFinished";
  /** The run's folder. */
  readonly run: string;
  /** Steps done. */
  readonly step: number;
}

/** Callbacks during training, all optional. */
export interface TrainHooks {
  /** Backend `auto` is about to time training steps, for a few seconds, on the CPU and on this adapter. */
  readonly onMeasure?: (adapter: string) => void;
  /** Called once if a resumed run has to wait for another process that holds it. */
  readonly onWait?: (run: string, mostSeconds: number) => void;
  /** Awaited once, after locking the folder and opening the backend. */
  readonly onStart?: (start: TrainStart) => unknown;
  /** Called in order for every step; on a GPU a few steps late. */
  readonly onStep?: (progress: TrainProgress) => void;
  /** Called every `evalEvery` epochs and at the end. */
  readonly onEvaluation?: (evaluation: EvaluationEntry) => void;
  /** Awaited every `sampleEvery` epochs and at the end, unless {@link hasPictures} is true. */
  readonly onPictures?: (view: PictureView) => Promise<void>;
  /**
   * Whether the pictures up to and including a step exist; a finished run is incomplete without
   * them. By default, they are assumed to exist in a finished run and drawn when another resumes.
   */
  readonly hasPictures?: (at: PicturesAt) => Promise<boolean>;
  /** Awaited at the end unless training threw, while the folder is still locked. */
  readonly onEnd?: (end: TrainEnd) => Promise<void>;
}

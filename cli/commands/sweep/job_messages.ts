import type { ModelName } from "@fluxion/fluxion/options";
import type { TrainFlags } from "../train/flags.ts";

/** To a worker: train a run, or stop. */
export type JobOrder =
  | { readonly kind: "train"; readonly model: ModelName; readonly flags: TrainFlags }
  | { readonly kind: "stop" };

/** How the training of a run ended. */
export type JobEnd =
  | { readonly kind: "finished" | "interrupted" }
  | { readonly kind: "failed"; readonly message: string; readonly exitCode: number };

/** From a worker. */
export type JobMessage =
  /** It can be given a run; `stopWord` stops its computations (stop.ts). */
  | { readonly kind: "ready"; readonly stopWord: Int32Array }
  | { readonly kind: "progress"; readonly step: number; readonly steps: number }
  | JobEnd;

import type { TheoremName } from "@fluxion/fluxion/theory";
import type { TrainFlags } from "../train/flags.ts";
import type { TrainingName } from "./trainings.ts";

/** One training of the homework. */
export interface TrainingSize {
  /** Options of `fluxion train`; all others have their defaults. */
  readonly options: TrainFlags & { readonly steps: number };
  /** Number of test rows for the evaluation. */
  readonly testRows: number;
  /** Duration on the reference machine, see {@link homeworkSizes}. */
  readonly seconds: number;
  /** Cost of the last step relative to the first; a CNF's field stiffens during training. */
  readonly lastStep: number;
}

/** Size of a homework: all settings that determine its cost. */
export interface HomeworkSize extends Readonly<Record<TrainingName, TrainingSize>> {
  /** Duration of each theorem's check and picture. */
  readonly theoremSeconds: Readonly<Record<TheoremName, number>>;
  /** Duration of the self-tests. */
  readonly selfTestSeconds: number;
  /** The comparison of gradients. */
  readonly gradients: {
    /** Draws of Hutchinson's probes. */
    readonly draws: number;
    /** Timed repetitions of each way. */
    readonly repeats: number;
    /** Duration on the reference machine. */
    readonly seconds: number;
  };
  /** Duration of the evaluation. */
  readonly evaluationSeconds: number;
  /** Duration of the report. */
  readonly reportSeconds: number;
}

/** Shared by all sizes. */
const theoremSeconds = { kfp: 10, ddpm: 3, "fm-variance": 2 } as const;

/** The homework's loss is the likelihood alone. Other options have their defaults; the test loss is of every epoch. */
const cnf = { data: "moons", steps: 3000, evalEvery: 1, regularize: "none" } as const;

const resnet = { data: "mnist", net: "resnet", filters: 16, blocks: 8 } as const;

/**
 * The sizes of `fluxion homework`: `full` is the best possible within 30 minutes on 2 cores,
 * `quick` takes three.
 *
 * Durations are from the reference machine, 2 cores of a server (AMD EPYC) with the CPU backend.
 * The estimate of the time left starts from them and then follows the measured speed.
 */
export const homeworkSizes = {
  full: {
    cnf: { options: cnf, testRows: 1000, seconds: 30, lastStep: 2.2 },
    // Three epochs of 1,875 batches of 32.
    fm: { options: { ...resnet, steps: 3 * 1875 }, testRows: 1000, seconds: 190, lastStep: 1 },
    fmUnet: {
      // Eight epochs of 937 batches of 64.
      options: { data: "mnist", net: "unet", steps: 8 * 937 },
      testRows: 1000,
      seconds: 1200,
      lastStep: 1,
    },
    theoremSeconds,
    selfTestSeconds: 1,
    gradients: { draws: 256, repeats: 5, seconds: 12 },
    evaluationSeconds: 5,
    reportSeconds: 50,
  },
  quick: {
    cnf: { options: cnf, testRows: 1000, seconds: 30, lastStep: 2.2 },
    fm: { options: { ...resnet, steps: 300 }, testRows: 1000, seconds: 20, lastStep: 1 },
    fmUnet: {
      options: { data: "mnist", net: "unet", steps: 250 },
      testRows: 1000,
      seconds: 55,
      lastStep: 1,
    },
    theoremSeconds,
    selfTestSeconds: 1,
    gradients: { draws: 64, repeats: 3, seconds: 6 },
    evaluationSeconds: 5,
    reportSeconds: 40,
  },
} as const satisfies Readonly<Record<string, HomeworkSize>>;

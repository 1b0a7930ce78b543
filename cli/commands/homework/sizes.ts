import type { TheoremName } from "@fluxion/fluxion/theory";
import type { TrainFlags } from "../train/flags.ts";
import type { TrainingName } from "./trainings.ts";

/** One training of the homework. */
export interface TrainingSize {
  /** Options of `fluxion train`; the rest are its defaults. */
  readonly options: TrainFlags & { readonly steps: number };
  /** Test rows by which the trained model is judged. */
  readonly testRows: number;
  /** What it takes on the machine that is described at {@link homeworkSizes}. */
  readonly seconds: number;
  /** What the last step costs, in first steps: a CNF's field stiffens while it learns. */
  readonly lastStep: number;
}

/** How much a homework computes. Every knob that costs time is here. */
export interface HomeworkSize extends Readonly<Record<TrainingName, TrainingSize>> {
  /** What the check and the picture of each theorem take. */
  readonly theoremSeconds: Readonly<Record<TheoremName, number>>;
  /** What judging the models takes. */
  readonly evaluationSeconds: number;
  /** What the report takes. */
  readonly reportSeconds: number;
}

/** The same for every size. */
const theoremSeconds = { kfp: 10, ddpm: 3, "fm-variance": 2 } as const;

/** All of the defaults: they are the best that is known. */
const cnf = { data: "moons", steps: 3000 } as const;

const resnet = { data: "mnist", net: "resnet", filters: 16, blocks: 8 } as const;

/**
 * The sizes of `fluxion homework`: `full` is the best that 30 minutes on 2 cores
 * give, `quick` takes three.
 *
 * Seconds are those of 2 cores of a server (AMD EPYC), the CPU backend. They
 * are where the estimate of the time left begins; from then on it goes by the speed
 * that is measured.
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
    evaluationSeconds: 5,
    reportSeconds: 40,
  },
} as const satisfies Readonly<Record<string, HomeworkSize>>;

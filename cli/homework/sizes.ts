import type { TheoremName } from "../../src/theory/theorem.ts";
import type { TrainFlags } from "../commands/train.ts";

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
export interface HomeworkSize {
  /** Task 2: a CNF on two moons. */
  readonly cnf: TrainingSize;
  /** Task 3: flow matching on MNIST. */
  readonly fm: TrainingSize;
  /** What the check and the picture of each theorem take. */
  readonly theoremSeconds: Readonly<Record<TheoremName, number>>;
  /** What judging both models takes. */
  readonly evaluationSeconds: number;
  /** What the report takes. */
  readonly reportSeconds: number;
}

/** The same for every size. */
const theoremSeconds = { kfp: 10, ddpm: 3, "fm-variance": 2 } as const;

/**
 * The sizes of `fluxion homework`: `full` is the best that 30 minutes on 2 cores
 * give, `quick` is the demo's.
 *
 * Seconds were measured on 2 cores of a server (AMD EPYC), the CPU backend. They
 * are where the estimate of the time left begins; from then on it goes by the speed
 * that is measured.
 */
export const homeworkSizes = {
  full: {
    cnf: {
      options: { data: "moons", steps: 400, sampleEvery: 5 },
      testRows: 1000,
      seconds: 310,
      lastStep: 1.7,
    },
    fm: {
      // Three epochs of 1,875 batches of 32: the homework's ResNet.
      options: { data: "mnist", net: "resnet", filters: 16, blocks: 8, steps: 3 * 1875 },
      testRows: 2000,
      seconds: 1050,
      lastStep: 1,
    },
    theoremSeconds,
    evaluationSeconds: 40,
    reportSeconds: 120,
  },
  quick: {
    cnf: {
      options: { data: "moons", hidden: 32, batchSize: 128, steps: 700, sampleEvery: 2 },
      testRows: 500,
      seconds: 40,
      lastStep: 1.7,
    },
    fm: {
      options: { data: "mnist", net: "resnet", filters: 16, blocks: 8, steps: 300 },
      testRows: 500,
      seconds: 55,
      lastStep: 1,
    },
    theoremSeconds,
    evaluationSeconds: 6,
    reportSeconds: 35,
  },
} as const satisfies Readonly<Record<string, HomeworkSize>>;

import type { TrainingLog } from "../../train/run/training_log.ts";

/** Losses of a run at one evaluation. */
export interface EpochLosses {
  /** Epoch that ended there; 0: before training. */
  readonly epoch: number;
  /** Training steps done. */
  readonly step: number;
  /** Mean loss of the batches since the evaluation before; null before training. */
  readonly trainLoss: number | null;
  /** Loss over the test rows. */
  readonly testLoss: number;
}

/** Training and test losses of a run per evaluation, by default after epochs. */
export function epochLosses({ steps, evaluations }: TrainingLog): readonly EpochLosses[] {
  let next = 0;
  return evaluations.map(({ epoch, step, testLoss }) => {
    let sum = 0;
    const first = next;
    for (; next < steps.length && steps[next]!.step <= step; next++) sum += steps[next]!.loss;
    return { epoch, step, trainLoss: next === first ? null : sum / (next - first), testLoss };
  });
}

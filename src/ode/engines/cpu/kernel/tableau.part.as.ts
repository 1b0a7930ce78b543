import { Job } from "../job.layout.part.as";
import { Scratch } from "./scratch.part.as";

/** Weights of the tableau: part 0 c, 1 b, 2 bError, from 3 on the rows of a. */
// @ts-ignore: decorator
@inline
export function weight(job: Job, part: i32, stage: i32): f64 {
  return load<f64>(job.tableau + <usize>(part * job.stages + stage) * 8);
}

/** Weight of `slope` in the input of `stage`. */
// @ts-ignore: decorator
@inline
export function stageWeight(job: Job, stage: i32, slope: i32): f64 {
  return weight(job, 3 + stage, slope);
}

/** Stages that the end of a step depends on. */
export function usedStages(job: Job): i32 {
  return job.stages - job.firstSameAsLast;
}

/** Nothing depends on logp, so a stage without weight in it and in its error needs no trace. */
export function markTraced(job: Job, s: Scratch): void {
  const stages = job.stages;
  const has = job.directions > 0;
  const everywhere = job.timeCount > 0;
  for (let stage = 0; stage < stages; stage++) {
    const counts = stage == 0 || weight(job, 1, stage) != 0 || weight(job, 2, stage) != 0;
    store<i32>(s.traced + <usize>stage * 4, has && (everywhere || counts) ? 1 : 0);
  }
  // It is the next step's first.
  if (has && job.firstSameAsLast) store<i32>(s.traced + <usize>(stages - 1) * 4, 1);
}

// @ts-ignore: decorator
@inline
export function isTraced(s: Scratch, stage: i32): bool {
  return load<i32>(s.traced + <usize>stage * 4) != 0;
}

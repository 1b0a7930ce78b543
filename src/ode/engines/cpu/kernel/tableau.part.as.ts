import { Job } from "../job.layout.part.as";
import { Scratch } from "./scratch.part.as";

/** Coefficients of the tableau: part 0 is c, 1 b, 2 bError, and 3 onwards the rows of a. */
// @ts-ignore: decorator
@inline
export function weight(job: Job, part: i32, stage: i32): f64 {
  return load<f64>(job.tableau + <usize>(part * job.stages + stage) * 8);
}

/** a[stage][slope]: weight of a slope in the input of a stage. */
// @ts-ignore: decorator
@inline
export function stageWeight(job: Job, stage: i32, slope: i32): f64 {
  return weight(job, 3 + stage, slope);
}

/** Number of stages on which y1 depends. */
export function usedStages(job: Job): i32 {
  return job.stages - job.firstSameAsLast;
}

/** Marks the stages that need a trace: nothing depends on logp, so stages with zero weights in b and bError do not. */
export function markTraced(job: Job, s: Scratch): void {
  const stages = job.stages;
  const has = job.directions > 0;
  const everywhere = job.timeCount > 0;
  for (let stage = 0; stage < stages; stage++) {
    const counts = stage == 0 || weight(job, 1, stage) != 0 || weight(job, 2, stage) != 0;
    store<i32>(s.traced + <usize>stage * 4, has && (everywhere || counts) ? 1 : 0);
  }
  // It is the first stage of the next step.
  if (has && job.firstSameAsLast) store<i32>(s.traced + <usize>(stages - 1) * 4, 1);
}

// @ts-ignore: decorator
@inline
export function isTraced(s: Scratch, stage: i32): bool {
  return load<i32>(s.traced + <usize>stage * 4) != 0;
}

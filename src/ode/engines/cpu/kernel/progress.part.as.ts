import { Job, stopped } from "../job.layout.part.as";

/** Work distribution between the threads of a job, and its interruption. */

@external("stop", "isAsked")
declare function isStopAsked(): i32;

/** Takes the next item of the job, counted from 0. */
export function takeItem(job: Job): i32 {
  return atomic.add<i32>(changetype<usize>(job) + offsetof<Job>("nextItem"), 1);
}

/** Aborts the job. */
export function fail(job: Job, reason: i32): void {
  atomic.store<i32>(changetype<usize>(job) + offsetof<Job>("failed"), reason);
}

/** Whether a stop was requested, which aborts the job. */
export function isStopped(job: Job): bool {
  if (!isStopAsked()) return false;
  fail(job, stopped);
  return true;
}

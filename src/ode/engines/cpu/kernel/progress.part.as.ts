import { Job, stopped } from "../job.layout.part.as";

/** How threads share a job, and how it ends early. */

@external("stop", "isAsked")
declare function isStopAsked(): i32;

/** The next item of the job, counted from 0, that no thread has taken. */
export function takeItem(job: Job): i32 {
  return atomic.add<i32>(changetype<usize>(job) + offsetof<Job>("nextItem"), 1);
}

/** Gives the job up. */
export function fail(job: Job, reason: i32): void {
  atomic.store<i32>(changetype<usize>(job) + offsetof<Job>("failed"), reason);
}

/** Whether the job is to end early; it is then given up. */
export function isStopped(job: Job): bool {
  if (!isStopAsked()) return false;
  fail(job, stopped);
  return true;
}

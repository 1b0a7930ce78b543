import { OVER, PENDING, Regression, SLEEPERS, TICKET } from "../regression.layout.part.as";

/**
 * Phases of tasks within one call of the module. Any thread may take any task, so results must not
 * depend on who does, and one thread can do them all: nobody waits for a thread, only for tasks that
 * another has taken.
 *
 * The ticket holds the round of the phase and the number of tasks left in one word, so that a task
 * is taken in the phase that it belongs to. A phase cannot end while a taken task is unfinished.
 */

/** Tasks are counted in the ticket's lower 16 bits. */
const LEFT: i32 = 0xffff;

/** Looks at the ticket, about 1 ns each, before a thread sleeps. */
const LOOKS: i32 = 30000;

/** Longest sleep in nanoseconds. */
const SLEEP_NS: i64 = 10_000_000;

/** Takes a task of the current phase; -1 if none is left. */
export function takeTask(job: Regression): i32 {
  const at = job.words + TICKET;
  while (true) {
    const ticket = atomic.load<i32>(at);
    const left = ticket & LEFT;
    if (left == 0) return -1;
    if (atomic.cmpxchg<i32>(at, ticket, ticket - 1) == ticket) return left - 1;
  }
}

/** Reports a task as finished; returns whether it was the phase's last. */
export function isLast(job: Regression): bool {
  return atomic.sub<i32>(job.words + PENDING, 1) == 1;
}

/** Begins a phase of `tasks` tasks, at least one. */
export function beginPhase(job: Regression, tasks: i32): void {
  atomic.store<i32>(job.words + PENDING, tasks);
  turn(job, tasks);
}

/** Ends the call. */
export function endPhases(job: Regression): void {
  atomic.store<i32>(job.words + OVER, 1);
  turn(job, 0);
}

/** Publishes the next ticket. */
function turn(job: Regression, tasks: i32): void {
  const at = job.words + TICKET;
  atomic.store<i32>(at, (atomic.load<i32>(at) & ~LEFT) + LEFT + 1 + tasks);
  if (atomic.load<i32>(job.words + SLEEPERS) > 0) atomic.notify(at, -1);
}

/** Waits until there is another phase; returns false if the call is over. */
export function awaitPhase(job: Regression): bool {
  const at = job.words + TICKET;
  for (let look = 0; look < LOOKS; look++) {
    if ((atomic.load<i32>(at) & LEFT) != 0) return true;
    if (atomic.load<i32>(job.words + OVER) != 0) return false;
  }
  atomic.add<i32>(job.words + SLEEPERS, 1);
  const ticket = atomic.load<i32>(at);
  if ((ticket & LEFT) == 0 && atomic.load<i32>(job.words + OVER) == 0) {
    atomic.wait<i32>(at, ticket, SLEEP_NS);
  }
  atomic.sub<i32>(job.words + SLEEPERS, 1);
  return atomic.load<i32>(job.words + OVER) == 0;
}

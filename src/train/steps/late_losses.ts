/**
 * Number of losses that accumulate on a GPU before a read-back, which costs 12 ms whether it reads
 * one or eight.
 */
const LATE_LOSSES = 8;

/**
 * Time by which a GPU may be behind the host's commands: an interruption waits as long, since the
 * weights are read after them.
 */
const BEHIND_MS = 500;

/** How many losses to read together that take so long per step. */
export function lateLosses(stepMs: number): number {
  return Math.max(1, Math.min(LATE_LOSSES, Math.floor(BEHIND_MS / stepMs)));
}

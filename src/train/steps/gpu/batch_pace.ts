/** Time of a batch of steps; at most two are ahead of the host, so a stop is heard soon. */
const BATCH_MS = 100;

/** Growth from a batch whose time is known to the next. */
const GROWTH = 8;

/** Steps per batch at most: their figures have room (figures.ts). */
export const MOST_STEPS = 100;

/**
 * How many steps to record at once: one until a batch has settled, then as many as fit {@link BATCH_MS} by the
 * time of those that settled. Recording takes no account of what the device has still to do, so it is not timed.
 */
export class BatchPace {
  #steps = 1;
  /** Expected time of a step; null before any is known, or if only the first is, which compiles. */
  #stepMs: number | null = null;
  #hasCompiled = false;
  /** When the last batch settled. */
  #settledMs = -Infinity;

  /** Steps of the next batch. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Learns from a batch that has settled.
   *
   * @param batch.begunMs When its recording began: before that the device may have been idle.
   */
  settled(batch: { readonly count: number; readonly begunMs: number }, nowMs: number): void {
    const { count, begunMs } = batch;
    const measured = (nowMs - Math.max(begunMs, this.#settledMs)) / count;
    this.#settledMs = nowMs;
    // Of two batches noticed late together the second seems to take no time.
    const stepMs = Math.max(measured, (this.#stepMs ?? 0) / 2);
    const fitting = Math.max(1, Math.floor(BATCH_MS / stepMs));
    const grown = Math.max(this.#steps, GROWTH * count);
    this.#steps = Math.min(grown, MOST_STEPS, fitting);
    if (this.#hasCompiled) this.#stepMs = stepMs;
    this.#hasCompiled = true;
  }
}

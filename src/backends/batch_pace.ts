/** Bounds of a batch of recorded steps; at most two batches are ahead of the host, so a stop is heard soon. */
export interface BatchBounds {
  /** Its steps. */
  readonly most: number;
  /** Its time. */
  readonly batchMs: number;
}

/** Growth from a batch whose time is known to the next. */
const GROWTH = 8;

/**
 * How many steps to record at once: one until a batch has settled, then as many as fit its bounds by the
 * time of those that settled. Recording takes no account of what the device has still to do, so it is not timed.
 * A step is of a training, or an attempt of a solve.
 */
export class BatchPace {
  readonly #bounds: BatchBounds;
  #steps = 1;
  /** Expected time of a step; null before any is known, or if only the first is, which compiles. */
  #stepMs: number | null = null;
  #hasCompiled = false;
  /** When the last batch settled. */
  #settledMs = -Infinity;

  constructor(bounds: BatchBounds) {
    this.#bounds = bounds;
  }

  /** Steps of the next batch. */
  get steps(): number {
    return this.#steps;
  }

  /** Expected time of a step; null before it is known. */
  get stepMs(): number | null {
    return this.#stepMs;
  }

  /**
   * Learns from a batch that has settled.
   *
   * @param batch.begunMs When its recording began: before that the device may have been idle.
   */
  settled(batch: { readonly count: number; readonly begunMs: number }, nowMs: number): void {
    const { count, begunMs } = batch, { most, batchMs } = this.#bounds;
    const measured = (nowMs - Math.max(begunMs, this.#settledMs)) / count;
    this.#settledMs = nowMs;
    // Of two batches noticed late together the second seems to take no time.
    const stepMs = Math.max(measured, (this.#stepMs ?? 0) / 2);
    const fitting = Math.max(1, Math.floor(batchMs / stepMs));
    const grown = Math.max(this.#steps, GROWTH * count);
    this.#steps = Math.min(grown, most, fitting);
    if (this.#hasCompiled) this.#stepMs = stepMs;
    this.#hasCompiled = true;
  }
}

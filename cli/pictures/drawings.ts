import { throwIfStopped } from "@fluxion/fluxion/core";

/** Fraction of the elapsed time that drawing may take. */
const DRAWING_SHARE = 0.01;

/** Estimated duration of the first drawing, which loads fonts and a rasteriser. */
const FIRST_MS = 1000;

/** Limit of queued drawings, since each holds its samples in memory. */
const MAX_QUEUED = 100;

/** A queue of pictures, drawn in order within a time budget while other work runs. */
export interface Drawings {
  /**
   * Draws now if the time budget allows it, else later.
   *
   * @param keep Called if the drawing is deferred; saves its inputs in case the process is killed
   *   meanwhile.
   */
  add(draw: () => Promise<void>, keep?: () => Promise<void>): Promise<void>;
  /**
   * Draws all queued pictures.
   *
   * @throws {Stopped} If a stop is requested.
   */
  finish(): Promise<void>;
}

/**
 * Makes a queue whose drawings take at most 1 % of the time from now on. In a long run every
 * picture is drawn immediately; a run of half a minute is not held up for seconds by pictures that
 * nobody looks at before its end.
 *
 * @param clock Milliseconds, from any origin.
 */
export function drawingsBeside(clock: () => number = () => performance.now()): Drawings {
  const queue: (() => Promise<void>)[] = [];
  const startedMs = clock();
  let spentMs = 0, lastMs = FIRST_MS;
  const drawNext = async () => {
    const begin = clock();
    await queue.shift()!();
    lastMs = clock() - begin;
    spentMs += lastMs;
  };
  const hasTime = () => spentMs + lastMs <= DRAWING_SHARE * (clock() - startedMs);
  return {
    async add(draw, keep) {
      queue.push(draw);
      while (queue.length > 0 && (hasTime() || queue.length > MAX_QUEUED)) await drawNext();
      // Drawings are drawn in order, so if any is queued, this one is.
      if (queue.length > 0) await keep?.();
    },
    async finish() {
      while (queue.length > 0) {
        throwIfStopped();
        await drawNext();
      }
    },
  };
}

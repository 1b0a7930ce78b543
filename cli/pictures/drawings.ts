import { throwIfStopped } from "@fluxion/fluxion/core";

/** Largest share of the training time that drawing may take. */
const DRAWING_SHARE = 0.01;

/** What a drawing is taken for before there was one: the first loads fonts and a rasteriser. */
const FIRST_MS = 1000;

/** More do not wait: each holds its samples. */
const MOST_WAITING = 100;

/** Pictures that are drawn beside other work, in the order in which they came. */
export interface Drawings {
  /**
   * Draws now, or, where that would hold up the work for more than its share, later.
   *
   * @param keep Called if it is later: puts by what the drawing needs, for a process that is
   *   killed meanwhile.
   */
  add(draw: () => Promise<void>, keep?: () => Promise<void>): Promise<void>;
  /**
   * Draws all that still wait.
   *
   * @throws {Stopped} If work is to end early.
   */
  finish(): Promise<void>;
}

/**
 * Drawings that take 1 % of the time from now on: in a long run every picture is there at once,
 * a run of half a minute is not stopped for seconds by pictures that nobody looks at before its end.
 *
 * @param clock Milliseconds, from any origin.
 */
export function drawingsBeside(clock: () => number = () => performance.now()): Drawings {
  const waiting: (() => Promise<void>)[] = [];
  const startedMs = clock();
  let spentMs = 0, lastMs = FIRST_MS;
  const drawNext = async () => {
    const begin = clock();
    await waiting.shift()!();
    lastMs = clock() - begin;
    spentMs += lastMs;
  };
  const hasTime = () => spentMs + lastMs <= DRAWING_SHARE * (clock() - startedMs);
  return {
    async add(draw, keep) {
      waiting.push(draw);
      while (waiting.length > 0 && (hasTime() || waiting.length > MOST_WAITING)) await drawNext();
      // They are drawn in the order in which they came: this one is the last.
      if (waiting.length > 0) await keep?.();
    },
    async finish() {
      while (waiting.length > 0) {
        throwIfStopped();
        await drawNext();
      }
    },
  };
}

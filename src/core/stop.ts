/**
 * How long computations are told to end early. The event loop cannot tell them: a solve is one
 * call into WebAssembly, a training step of images one call of tfjs. So they look at a word that
 * threads share, between pieces of some milliseconds; whoever sets it may do so from a worker.
 */

/** [1]: not 0 while work is to end early. */
export const stopWord: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));

/** Thrown by work that ends early because it was asked to; it gave no result and keeps nothing. */
export class Stopped extends Error {
  /** "Stopped". */
  override readonly name = "Stopped";
}

/** Whether work is to end early. */
export function isStopAsked(): boolean {
  return Atomics.load(stopWord, 0) !== 0;
}

/** How many {@link wholly}s are being done. */
let whole = 0;

/**
 * Does short work to its end even where work is to end early: what changes several values that have
 * to fit each other, such as weights and their optimizer's moments.
 */
export function wholly<T>(work: () => T): T {
  whole++;
  try {
    return work();
  } finally {
    whole--;
  }
}

/**
 * Called between the pieces of long work.
 *
 * @throws {Stopped} If it is to end early.
 */
export function throwIfStopped(): void {
  if (whole === 0 && isStopAsked()) throw new Stopped("asked to stop");
}

/** The work has ended; what is left to do, such as saving it, is done as always. */
export function settleStop(): void {
  Atomics.store(stopWord, 0, 0);
}

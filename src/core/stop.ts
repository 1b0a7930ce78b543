/**
 * Cooperative cancellation of long computations. The event loop cannot interrupt them: a solve is
 * one call into WebAssembly, a training step on images one call into tfjs. So they poll a shared
 * word every few milliseconds; any thread may set it.
 */

/** [1]: nonzero while a stop is requested. */
export const stopWord: Int32Array<SharedArrayBuffer> = new Int32Array(new SharedArrayBuffer(4));

/** Thrown by work that was interrupted on request; there is no result, and nothing to dispose. */
export class Stopped extends Error {
  /** "Stopped". */
  override readonly name = "Stopped";
}

/** Whether a stop has been requested. */
export function isStopAsked(): boolean {
  return Atomics.load(stopWord, 0) !== 0;
}

/** Nesting depth of {@link uninterrupted} calls. */
let depth = 0;

/**
 * Runs short work to completion even if a stop is requested: updates of several values that must
 * stay consistent, such as weights and the optimizer's moments.
 */
export function uninterrupted<T>(work: () => T): T {
  depth++;
  try {
    return work();
  } finally {
    depth--;
  }
}

/**
 * Cancellation point; long work calls it every few milliseconds.
 *
 * @throws {Stopped} If a stop is requested, except inside {@link uninterrupted}.
 */
export function throwIfStopped(): void {
  if (depth === 0 && isStopAsked()) throw new Stopped("asked to stop");
}

/** Clears the stop request after the work has ended, so that saving its result is not interrupted. */
export function clearStop(): void {
  Atomics.store(stopWord, 0, 0);
}

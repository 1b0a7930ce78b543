/** Thread counts up to this are always allowed, to try settings of a machine with more cores. */
const ALWAYS_ALLOWED = 16;

/**
 * Threads of the CPU backend: as many as are wanted, at most 16 or as many as there are cores.
 *
 * A thread beyond the cores only costs: its memory, and the time in which it is started. No result
 * depends on how many there are.
 *
 * @param wanted As many as there are cores when left out.
 */
export function usableThreads(wanted: number = navigator.hardwareConcurrency): number {
  return Math.min(wanted, Math.max(ALWAYS_ALLOWED, navigator.hardwareConcurrency));
}

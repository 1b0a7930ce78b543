/** Thread counts up to this are always allowed, to try settings of a machine with more cores. */
const ALWAYS_ALLOWED = 16;

/**
 * Number of threads of the CPU backend: as requested, at most 16 or the number of cores if that is larger.
 *
 * Threads beyond the number of cores only cost memory and start-up time. No result depends on their
 * number.
 *
 * @param wanted Default: the number of cores.
 */
export function usableThreads(wanted: number = navigator.hardwareConcurrency): number {
  return Math.min(wanted, Math.max(ALWAYS_ALLOWED, navigator.hardwareConcurrency));
}

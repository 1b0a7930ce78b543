import process from "node:process";

/**
 * Peak resident set size of this process in bytes; null if the system does not report it. Unlike
 * reading `/proc/self/status`, this needs no permission.
 *
 * On Linux it is at least the peak of the process that started this one: `execve` keeps it.
 */
export function peakMemoryBytes(): number | null {
  const { maxRSS } = process.resourceUsage(); // KiB
  return maxRSS > 0 ? maxRSS * 1024 : null;
}

import process from "node:process";

/**
 * The largest resident set that this process had so far, in bytes; null where the system does
 * not tell. Needs no permission, as `/proc/self/status` would.
 *
 * On Linux it is never less than the peak of the process that started this one: `execve` keeps it.
 */
export function peakMemoryBytes(): number | null {
  const { maxRSS } = process.resourceUsage(); // KiB
  return maxRSS > 0 ? maxRSS * 1024 : null;
}

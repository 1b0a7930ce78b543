import { readFileSync } from "node:fs";
import process from "node:process";

/** The system's figure when this module was loaded, in KiB: see {@link peakMemoryBytes}. */
const AT_LOAD = process.resourceUsage().maxRSS;

/**
 * Peak resident set size of this process in bytes; null if the system does not report it.
 *
 * `getrusage` needs no permission, but Linux starts its figure with the peak of the program that
 * started this one. So `VmHWM` of `/proc/self/status` is taken where that may be read, which takes
 * all permissions. Elsewhere a figure that has not grown since this module was loaded says nothing,
 * and the current resident set is returned: the memories of WebAssembly never shrink, so it is close.
 */
export function peakMemoryBytes(): number | null {
  const own = Deno.build.os === "linux" ? statusPeak() : null;
  if (own !== null) return own;
  const { maxRSS } = process.resourceUsage();
  if (maxRSS > AT_LOAD) return maxRSS * 1024;
  return maxRSS > 0 ? process.memoryUsage.rss() : null;
}

/** `VmHWM` in bytes; null if it may not be read. */
function statusPeak(): number | null {
  // Asking would open a prompt.
  if (Deno.permissions.querySync({ name: "read" }).state !== "granted") return null;
  try {
    const status = readFileSync("/proc/self/status", "utf8");
    const peak = Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]);
    return peak > 0 ? peak * 1024 : null;
  } catch {
    return null;
  }
}

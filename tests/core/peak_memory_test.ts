import assert from "node:assert/strict";
import { peakMemoryBytes } from "../../src/core/peak_memory.ts";

Deno.test("peakMemoryBytes() is in bytes, and at least the current resident set", () => {
  const touched = new Uint8Array(64e6).fill(1);
  const now = Deno.memoryUsage().rss;
  const peak = peakMemoryBytes();
  if (peak === null) return; // not reported on this system
  // The kernel's counters lag behind by some pages per thread.
  assert.ok(peak >= 0.95 * now && peak >= touched.length && peak < 1e12, `${peak}, ${now} now`);
});

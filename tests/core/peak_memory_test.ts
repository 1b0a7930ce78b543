import assert from "node:assert/strict";
import { peakMemoryBytes } from "../../src/core/peak_memory.ts";

Deno.test("peakMemoryBytes() is in bytes, and no less than what is resident now", () => {
  const touched = new Uint8Array(64e6).fill(1);
  const now = Deno.memoryUsage().rss;
  const peak = peakMemoryBytes();
  if (peak === null) return; // a system that does not tell
  // The kernel's counters lag behind by some pages a thread.
  assert.ok(peak >= 0.95 * now && peak >= touched.length && peak < 1e12, `${peak}, ${now} now`);
});

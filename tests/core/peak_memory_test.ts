import assert from "node:assert/strict";
import { peakMemoryBytes } from "../../src/core/peak_memory.ts";
import { deno } from "../../tools/bundle.ts";

Deno.test("peakMemoryBytes() is in bytes, and at least the current resident set", () => {
  const now = Deno.memoryUsage().rss;
  const peak = peakMemoryBytes();
  if (peak === null) return; // not reported on this system
  // The kernel's counters lag behind by some pages per thread.
  assert.ok(peak >= 0.95 * now && peak < 1e12, `${peak}, ${now} now`);
});

Deno.test("peakMemoryBytes() grows with what is touched, and does not count the program that started this one", async () => {
  // Linux hands the peak on; with all permissions the figure is read, without it is noticed.
  const ours = new Uint8Array(300e6).fill(1), theirs = 64e6;
  const module = new URL("../../src/core/peak_memory.ts", import.meta.url).href;
  const code = `import { peakMemoryBytes } from "${module}";
    const before = peakMemoryBytes(), touched = new Uint8Array(${theirs}).fill(1);
    console.log(JSON.stringify([before, peakMemoryBytes(), touched.length]));`;
  const found = await Promise.all(["-A", "-R"].map(async (permissions) => {
    const { success, stdout, stderr } = await deno([
      ...["run", "-q", "--no-prompt", "--no-lock", permissions],
      `data:text/typescript,${encodeURIComponent(code)}`,
    ]);
    assert.ok(success, stderr);
    return JSON.parse(stdout) as readonly (number | null)[];
  }));
  for (const [before, after] of found) {
    if (before == null || after == null) continue; // not reported on this system
    assert.ok(before > 1e7 && before < ours.length / 2, `${before}`);
    assert.ok(after - before > 0.9 * theirs, `${before}, then ${after}`);
  }
});

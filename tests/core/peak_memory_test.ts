import assert from "node:assert/strict";
import { peakMemoryBytes } from "../../src/core/peak_memory.ts";
import { deno } from "../../tools/bundle.ts";

Deno.test("peakMemoryBytes() is in bytes, and at least the current resident set", () => {
  const touched = new Uint8Array(64e6).fill(1);
  const now = Deno.memoryUsage().rss;
  const peak = peakMemoryBytes();
  if (peak === null) return; // not reported on this system
  // The kernel's counters lag behind by some pages per thread.
  assert.ok(peak >= 0.95 * now && peak >= touched.length && peak < 1e12, `${peak}, ${now} now`);
});

Deno.test("peakMemoryBytes() does not count the program that started this one", async () => {
  // Linux hands the peak on; with all permissions the figure is read, without it is noticed.
  const touched = new Uint8Array(300e6).fill(1);
  const module = new URL("../../src/core/peak_memory.ts", import.meta.url).href;
  const code = `import { peakMemoryBytes } from "${module}"; console.log(peakMemoryBytes());`;
  const peaks = await Promise.all(["-A", "-R"].map(async (permissions) => {
    const { success, stdout, stderr } = await deno([
      ...["run", "-q", "--no-prompt", "--no-lock", permissions],
      `data:text/typescript,${encodeURIComponent(code)}`,
    ]);
    assert.ok(success, stderr);
    return stdout === "null" ? null : Number(stdout);
  }));
  for (const peak of peaks) {
    assert.ok(peak === null || peak > 1e7 && peak < touched.length / 2, `${peak}`);
  }
});

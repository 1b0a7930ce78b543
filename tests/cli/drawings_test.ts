import assert from "node:assert/strict";
import { drawingsBeside } from "../../cli/pictures/drawings.ts";

/** Simulates work that adds a drawing of `ms` every `everyMs`; records when each is drawn. */
async function drawBeside(work: { count: number; everyMs: number; ms: number }) {
  let now = 5000;
  const drawn: { name: number; at: number }[] = [];
  const drawings = drawingsBeside(() => now);
  for (let name = 1; name <= work.count; name++) {
    now += work.everyMs;
    await drawings.add(() => {
      drawn.push({ name, at: now - 5000 });
      now += work.ms;
      return Promise.resolve();
    });
  }
  const before = drawn.length;
  await drawings.finish();
  assert.deepEqual(drawn.map(({ name }) => name), drawn.map((_, i) => i + 1), "all, in order");
  assert.equal(drawn.length, work.count);
  return { before, drawn };
}

Deno.test("drawingsBeside() defers all drawings in a short run", async () => {
  const { before } = await drawBeside({ count: 5, everyMs: 6000, ms: 300 });
  assert.equal(before, 0);
});

Deno.test("drawingsBeside() draws at once within its time budget", async () => {
  const { before } = await drawBeside({ count: 8, everyMs: 140_000, ms: 300 });
  assert.equal(before, 8);
});

Deno.test("drawingsBeside() takes at most a hundredth of the time", async () => {
  const { before, drawn } = await drawBeside({ count: 90, everyMs: 10_000, ms: 400 });
  // 90 times 10 s are 900 s; a hundredth of that is 22 drawings.
  assert.ok(before === 22 || before === 23, `${before}`);
  // None in the first 100 s, since the first is assumed to take a second.
  assert.ok(drawn[0]!.at >= 100_000, `${drawn[0]!.at}`);
});

Deno.test("drawingsBeside() queues at most a hundred drawings", async () => {
  const { before } = await drawBeside({ count: 130, everyMs: 1, ms: 1000 });
  assert.equal(before, 30);
});

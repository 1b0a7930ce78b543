import assert from "node:assert/strict";
import { BatchPace } from "../../src/backends/batch_pace.ts";

Deno.test("BatchPace grows by what has settled, to a tenth of a second", () => {
  const pace = new BatchPace({ most: 100, batchMs: 100 }), sizes: number[] = [];
  let nowMs = 0;
  for (let i = 0; i < 6; i++) {
    sizes.push(pace.steps);
    const count = pace.steps, begunMs = nowMs;
    nowMs += i === 0 ? 3000 : 4 * count; // the first compiles
    pace.settled({ count, begunMs }, nowMs);
  }
  assert.deepEqual(sizes, [1, 1, 8, 25, 25, 25]);
});

Deno.test("BatchPace counts neither idle time, nor that two batches were noticed at once", () => {
  const pace = new BatchPace({ most: 100, batchMs: 100 });
  pace.settled({ count: 1, begunMs: 0 }, 500);
  pace.settled({ count: 1, begunMs: 0 }, 1000);
  // An evaluation; then two batches of 500 ms each, the first of which is seen with the second.
  pace.settled({ count: 1, begunMs: 9000 }, 10000);
  pace.settled({ count: 1, begunMs: 9000 }, 10000);
  assert.equal(pace.steps, 1);
  // A batch that a checkpoint cut short does not shrink the next.
  const short = new BatchPace({ most: 100, batchMs: 100 });
  for (const [count, nowMs] of [[1, 1], [1, 2], [8, 10], [64, 74], [3, 77]] as const) {
    short.settled({ count, begunMs: 0 }, nowMs);
  }
  assert.equal(short.steps, 100);
});

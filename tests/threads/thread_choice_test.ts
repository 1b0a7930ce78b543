import assert from "node:assert/strict";
import { ThreadChoice } from "../../src/threads/thread_choice.ts";

/** The number in use after `calls` calls that take `msOf(threads)`. */
function after(choice: ThreadChoice, calls: number, msOf: (threads: number) => number): number {
  const used: number[] = [];
  for (let i = 0; i < calls; i++) {
    const threads = choice.next();
    used.push(threads);
    choice.record(threads, msOf(threads));
  }
  // At most one of three is a trial.
  return used.slice(-3).sort()[1]!;
}

Deno.test("ThreadChoice finds the fastest number, and follows when it changes", () => {
  const choice = new ThreadChoice(6);
  assert.equal(choice.next(), 6);
  choice.record(6, 1);
  assert.equal(after(choice, 200, (threads) => 1 / threads), 6);
  // Other programs take all cores but one.
  assert.equal(after(choice, 200, (threads) => threads), 1);
  assert.equal(after(choice, 200, (threads) => 1 / threads), 6);
  assert.equal(after(choice, 200, (threads) => Math.abs(threads - 3) + 1), 3);
});

Deno.test("ThreadChoice never takes more threads than it may", () => {
  for (const most of [1, 2, 3]) {
    const choice = new ThreadChoice(most);
    for (let i = 0; i < 100; i++) {
      const threads = choice.next();
      assert.ok(threads >= 1 && threads <= most);
      choice.record(threads, 1 / threads);
    }
  }
});

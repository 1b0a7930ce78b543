import assert from "node:assert/strict";
import { TimeLeft } from "../../../cli/commands/homework/time_left.ts";

/** A manually advanced clock. */
function stopwatch() {
  let ms = 0;
  return { clock: () => ms, pass: (seconds: number) => void (ms += seconds * 1000) };
}

const close = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected}`);

Deno.test("TimeLeft counts down on a machine like the reference", () => {
  const { clock, pass } = stopwatch();
  const left = new TimeLeft([{ seconds: 20, done: 0 }, { seconds: 300, done: 0 }], clock);
  left.begin(0);
  assert.equal(left.seconds(), 320);
  pass(15);
  assert.equal(left.seconds(), 305);
  pass(5);
  left.end();
  left.begin(1);
  close(left.seconds(), 300, 1e-9);
  for (let tenth = 1; tenth <= 10; tenth++) {
    pass(30);
    left.advance(tenth / 10);
    close(left.seconds(), 300 - 30 * tenth, 1e-9);
  }
});

Deno.test("TimeLeft learns a machine's slowness from the current part", () => {
  const { clock, pass } = stopwatch();
  const parts = [{ seconds: 300, done: 0 }, { seconds: 1000, done: 0 }];
  const left = new TimeLeft(parts, clock);
  left.begin(0);
  // Three times slower than the reference machine.
  pass(90);
  left.advance(0.1);
  const early = left.seconds();
  assert.ok(early > 1300 && early < 3900 - 90, `${early}`);
  pass(720);
  left.advance(0.9);
  // This part at its own speed; the other nearly as slow, as the first minute has little weight.
  close(left.seconds(), 90 + 3 * 1000, 400);
  left.end();
  left.begin(1);
  pass(600);
  left.advance(0.2);
  close(left.seconds(), 4 * 600, 1e-9);
});

Deno.test("TimeLeft excludes the work of earlier sessions", () => {
  const { clock, pass } = stopwatch();
  const parts = [
    { seconds: 20, done: 1 },
    { seconds: 300, done: 0.5 },
    { seconds: 1000, done: 0.25 },
  ];
  const left = new TimeLeft(parts, clock);
  left.begin(1);
  assert.equal(left.seconds(), 150 + 750);
  pass(75);
  left.advance(0.75);
  close(left.seconds(), 75 + 750, 1e-9);
});

import assert from "node:assert/strict";
import { passTimes } from "../../src/backends/pass_clock.ts";

Deno.test("passTimes() counts passes that are not timed as the others of their name", () => {
  const nanoseconds = BigUint64Array.from([0, 2e6, 3e6, 7e6, 8e6, 9e6], BigInt);
  const passes = new Map([["a", 6], ["b", 1], ["late", 5]]);
  const times = passTimes(nanoseconds, ["a", "a", "b"], passes);
  assert.deepEqual(times, new Map([["a", 18], ["b", 1]]));
});

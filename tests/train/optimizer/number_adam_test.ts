import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { NumberAdam } from "../../../src/train/optimizer/number_adam.ts";
import { Adam } from "../../../src/train/optimizer/optimizer.ts";
import { squaresRanges } from "../../../src/ops/adam/squares_ranges.ts";
import { numbers } from "../../ops/_builds.ts";
import { backendTest } from "../../support/backends.ts";

/** Since `assert.deepEqual` of long arrays takes seconds. */
function assertSame(actual: Float32Array | null, expected: Float32Array | null, what: string) {
  assert.equal(actual?.length, expected?.length, what);
  const place = actual?.findIndex((value, i) => !Object.is(value, expected![i])) ?? -1;
  assert.ok(place < 0, `${what} differs at ${place}`);
}

backendTest("NumberAdam has the bits of Adam over tensors", ["cpu"], async () => {
  assert.ok(squaresRanges(500_001).length > 1);
  const cases = [[5, 0, true, 2], [61, 1, false, 2], [500_001, 3, true, 1]] as const;
  for (const [size, clip, averages, steps] of cases) {
    const weights = numbers(size, 1);
    const moments = { m: numbers(size, 2), v: numbers(size, 3).map((x) => x * x) };
    const average = averages ? numbers(size, 4) : null;
    const ours = await NumberAdam.start({ weights, moments, average }, "fastest");
    const theirs = new Adam(moments, average);
    let tensor = tf.tensor1d(weights);
    for (let step = 0; step < steps; step++) {
      const settings = { step, lr: 0.01, clip, weightDecay: 0.1, averageDecay: 0.7 };
      const values = numbers(size, 5 + step);
      ours.update(values, settings);
      const gradient = tf.tensor1d(values);
      const next = theirs.update(tensor, gradient, settings);
      tf.dispose([tensor, gradient]);
      tensor = next;
    }
    const state = ours.read(), { m, v } = await theirs.read();
    assertSame(state.weights, Float32Array.from(await tensor.data()), `${size} weights`);
    assertSame(ours.weights(), state.weights, `${size} weights alone`);
    assertSame(state.moments.m, m, `${size} m`);
    assertSame(state.moments.v, v, `${size} v`);
    assertSame(state.average, await theirs.readAverage(), `${size} average`);
    assert.throws(() =>
      ours.update(new Float32Array(size + 1), {
        ...{ step: 0, lr: 1, clip: 0, weightDecay: 0, averageDecay: 0 },
      }), RangeError);
    tensor.dispose();
    theirs.dispose();
    ours.dispose();
  }
});

Deno.test("NumberAdam refuses vectors of different sizes", () => {
  const state = { weights: numbers(3, 1), average: null };
  const moments = { m: numbers(3, 2), v: numbers(2, 3) };
  return assert.rejects(NumberAdam.start({ ...state, moments }, "plain"), RangeError);
});

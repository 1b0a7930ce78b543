import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { fillNormal, fillUniform, type RandomKey } from "../../../src/core/random/random.ts";
import { flowPairs, timedFlowPairs } from "../../../src/ops/flow_pairs/flow_pairs.ts";
import { backendTest } from "../../support/backends.ts";
import { countGpuCalls } from "../../support/gpu_calls.ts";

const key: RandomKey = { seed: 2 ** 52 + 12345, stream: 4, subsequence: 77 };

// Rows of any width, and starts inside a block: a thread's numbers lie in up to four rows.
const batches = [
  { rows: 1, width: 1, start: 3 },
  { rows: 13, width: 1, start: 2 ** 34 - 5 },
  { rows: 7, width: 37, start: 0 },
  { rows: 3, width: 784, start: 784 * 250 },
];

backendTest("flowPairs() is the path through the CPU's noise", ["webgpu"], async () => {
  for (const { rows, width, start } of batches) {
    const size = rows * width;
    const coefficients = fillUniform({ seed: 1, stream: 1 }, 0, new Float32Array(4 * rows));
    const values = fillNormal({ seed: 2, stream: 1 }, 0, new Float32Array(size));
    const noise = fillNormal(key, start, new Float64Array(size));
    const x1 = tf.tensor2d(values, [rows, width]);
    const counter = countGpuCalls();
    const { x, target } = flowPairs(x1, { key, start, coefficients });
    assert.equal(counter.calls().dispatches, 1);
    counter.stop();
    const found = [await x.data(), await target.data()];
    for (const [k, numbers] of found.entries()) {
      numbers.forEach((value, i) => {
        const [ofX1, ofX0] = coefficients.subarray(4 * Math.floor(i / width) + 2 * k);
        const expected = ofX1! * values[i]! + ofX0! * noise[i]!;
        // The noise is within 2e-6, the rest is float32's rounding of numbers up to 10.
        assert.ok(Math.abs(value - expected) < 4e-6, `${i} of [${rows}, ${width}]`);
      });
    }
    tf.dispose([x1, x, target]);
  }
});

backendTest(
  "timedFlowPairs() draws the CPU's times, bit for bit, and the path there",
  ["webgpu"],
  async () => {
    const timesKey: RandomKey = { seed: 2 ** 40 + 3, stream: 9, subsequence: 5 },
      slope = Math.fround(0.9);
    for (const [i, { rows, width, start }] of batches.entries()) {
      const first = 2 ** 34 - 3 + i, size = rows * width;
      const values = fillNormal({ seed: 2, stream: 1 }, 0, new Float32Array(size));
      const noise = fillNormal(key, start, new Float64Array(size));
      const drawn = fillUniform(timesKey, first, new Float32Array(rows));
      const x1 = tf.tensor2d(values, [rows, width]);
      const counter = countGpuCalls();
      const { x, target, times } = timedFlowPairs(x1, {
        key,
        start,
        times: { key: timesKey, first },
        slope,
      });
      const { dispatches, writes } = counter.calls();
      // The data and the job.
      assert.deepEqual([dispatches, writes], [1, 2]);
      counter.stop();
      assert.deepEqual(await times.data(), drawn);
      const found = [await x.data(), await target.data()];
      for (let i = 0; i < size; i++) {
        const t = drawn[Math.floor(i / width)]!;
        const expected = [
          t * values[i]! + (1 - slope * t) * noise[i]!,
          values[i]! - slope * noise[i]!,
        ];
        // As above.
        expected.forEach((value, k) =>
          assert.ok(Math.abs(found[k]![i]! - value) < 4e-6, `${i} of [${rows}, ${width}]`)
        );
      }
      tf.dispose([x1, x, target, times]);
    }
  },
);

backendTest(
  "flowPairs() and timedFlowPairs() refuse what does not fit together",
  ["webgpu"],
  () => {
    const x1 = tf.zeros([2, 3]) as tf.Tensor2D;
    const coefficients = new Float32Array(4);
    assert.throws(
      () => flowPairs(x1, { key, start: 0, coefficients }),
      /four coefficients of each/,
    );
    const start = 2 ** 53 - 3;
    assert.throws(
      () => flowPairs(x1, { key, start, coefficients: new Float32Array(8) }),
      /numbers below index 2\^53/,
    );
    for (const wrong of [{ first: 2 ** 53 - 2 }, { first: -1 }, { slope: NaN }]) {
      const { first = 0, slope: given = 1 } = wrong as { first?: number; slope?: number };
      assert.throws(
        () => timedFlowPairs(x1, { key, start: 0, times: { key, first }, slope: given }),
        /a finite slope/,
      );
    }
    x1.dispose();
  },
);

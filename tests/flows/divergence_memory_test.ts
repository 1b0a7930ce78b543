import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../src/core/parameters.ts";
import { keyOf, subsequences } from "../../src/core/random/subsequences.ts";
import { velocityField } from "../../src/flows/velocity_field.ts";
import { activationNumbers } from "../../src/nn/activation_numbers.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { backendTest } from "../support/backends.ts";
import { peakHeapBytes } from "../support/heap.ts";

const probes = {
  distribution: "rademacher",
  key: keyOf(subsequences.caller, 0),
  firstRow: 0,
} as const;
const traces = {
  exact: { kind: "exact" },
  "of 3 probes": { kind: "hutchinson", probes, count: 3 },
} as const;

for (const [name, trace] of Object.entries(traces)) {
  backendTest(
    `velocityField() with a trace ${name} is pulled back in pieces that fit`,
    ["cpu"],
    () => {
      // Its activations are known exactly; scaled so that about 500 rows' gradients fill the memory.
      const { fused: _, ...network } = mlpNetwork({ dims: 6, hidden: 64 });
      const { evaluation, training } = activationNumbers(network);
      const scale = 2 ** 20 / training;
      const activations = { evaluation: scale * evaluation, training: 2 ** 20 };
      const parameters = Parameters.fromFlat(network.layout, initialParameters(network, 0));
      const spec = velocityField({ network: { ...network, activations }, parameters }, trace);
      assert.ok(spec.kind === "tensors");
      const columns = trace.kind === "exact" ? 1 : trace.count;
      const peak = (n: number) => {
        const y = tf.ones([n, 6 + columns]) as tf.Tensor2D;
        const bytes = peakHeapBytes(() => {
          const t = new Float64Array(n), rowIds = Int32Array.from({ length: n }, (_, i) => i);
          const near = spec.field.linearize({
            t,
            y,
            rowIds,
            gradient: { add: (term) => term.dispose() },
          });
          near.pullBack(0, y).dispose();
          near.close();
        });
        y.dispose();
        return bytes;
      };
      const rows = spec.field.linearizationRows;
      assert.ok(rows >= 20 && rows < 200, `${rows} rows`);
      const [half, whole, many] = [peak(rows / 2), peak(rows), peak(5 * rows)];
      // Pieces differ in what each leaves behind only.
      assert.ok(many < 1.2 * whole, `${many} bytes in 5 pieces, ${whole} in one`);
      // What grows with the rows, scaled, is within the memory of 2 GiB, and no small part of it.
      const share = 2 * (whole - half) * scale / 2 ** 31;
      assert.ok(share > 0.4 && share < 1, `${share} of the memory`);
      parameters.dispose();
    },
  );
}

import assert from "node:assert/strict";
import { fillUniform } from "../../../src/core/random/random.ts";
import type { Coupling } from "../../../src/flows/couplings/coupling.ts";
import { minibatchTransport } from "../../../src/flows/couplings/minibatch_transport.ts";
import { fmLoss, fusedFmLoss } from "../../../src/flows/losses/fm_loss.ts";
import { RegressionCache } from "../../../src/flows/regression/regression_losses.ts";
import { newModel } from "../../../src/flows/new_model.ts";
import { logitNormalTimes } from "../../../src/flows/times/logit_normal_times.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { backendTest } from "../../support/backends.ts";

backendTest(
  "fusedFmLoss() gives what tensors give, for any threads",
  ["cpu"],
  async () => {
    const model = newModel("fm", mlpNetwork({ dims: 3, hidden: 10 }), { seed: 4 });
    try {
      for (const n of [1, 250, 613]) {
        const rows = fillUniform({ seed: 1, stream: 255 }, 0, new Float32Array(3 * n));
        for (const values of [{}, { coupling: minibatchTransport, times: logitNormalTimes() }]) {
          const options = { seed: 7, ...values };
          const expected = await fmLoss(model, rows, options);
          const found = [];
          for (const threads of [1, 2]) {
            const fused = { hidden: 10, threads, build: "fastest" } as const;
            found.push(await fusedFmLoss(model, rows, { ...options, fused }));
          }
          assert.deepEqual(found[1], found[0]);
          for (const key of ["loss", "lossStdErr"] as const) {
            const error = Math.abs(found[0]![key] - expected[key]);
            assert.ok(
              error <= 1e-6 * expected[key],
              `${n} rows: ${key} ${found[0]![key]}, ${expected[key]}`,
            );
          }
        }
      }
    } finally {
      model.parameters.dispose();
    }
  },
);

backendTest(
  "fusedFmLoss() gives with kept regressions what it gives without, and draws once",
  ["cpu"],
  async () => {
    const rows = fillUniform({ seed: 1, stream: 255 }, 0, new Float32Array(3 * 613));
    let couplings = 0;
    const coupling: Coupling = {
      name: "counted",
      pair(batch) {
        couplings++;
        return minibatchTransport.pair(batch);
      },
    };
    using regressions = new RegressionCache();
    for (const seed of [4, 5, 6]) {
      const model = newModel("fm", mlpNetwork({ dims: 3, hidden: 10 }), { seed });
      try {
        const fused = { hidden: 10, threads: 2, build: "fastest" } as const;
        const alone = await fusedFmLoss(model, rows, {
          ...{ seed: 7, coupling: minibatchTransport, fused },
        });
        const kept = { regressions, name: "rows" };
        const found = await fusedFmLoss(model, rows, {
          ...{ seed: 7, coupling, fused: { ...fused, kept } },
        });
        assert.deepEqual(found, alone);
      } finally {
        model.parameters.dispose();
      }
    }
    assert.equal(couplings, 3, "one per batch, at the first evaluation");
  },
);

import assert from "node:assert/strict";
import { fillUniform } from "../../../src/core/random/random.ts";
import { minibatchTransport } from "../../../src/flows/couplings/minibatch_transport.ts";
import { fmLoss, fusedFmLoss } from "../../../src/flows/losses/fm_loss.ts";
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

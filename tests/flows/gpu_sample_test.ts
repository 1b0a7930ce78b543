import assert from "node:assert/strict";
import { Parameters } from "../../src/core/parameters.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import type { SolveSettings } from "../../src/flows/model.ts";
import { newModel } from "../../src/flows/new_model.ts";
import { sample } from "../../src/flows/sample.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { rk4 } from "../../src/ode/tableaus/rk4.ts";
import { backendTest } from "../support/backends.ts";
import { countGpuCalls } from "../support/gpu_calls.ts";

backendTest(
  "sampling images waits for a GPU once per step attempt",
  ["webgpu"],
  async (backend) => {
    const network = unetNetwork({ height: 4, width: 4, channels: 1, filters: 4 });
    const weights = fillNormal({ seed: 5, stream: 1 }, 0, new Float32Array(network.layout.size))
      .map((value) => 0.1 * value);
    const fresh = newModel("fm", network);
    fresh.parameters.dispose();
    const model = { ...fresh, parameters: Parameters.fromFlat(network.layout, weights) };
    const engines = enginesOf(backend, { threads: 1 });
    const adaptive = { kind: "adaptive", rtol: 1e-4, atol: 1e-4 } as const;
    const draw = async (given: Pick<SolveSettings, "tableau" | "control">) => {
      const settings = { ...given, controlGroup: "batch", maxSteps: 99 } as const;
      const counter = countGpuCalls();
      try {
        const { reports: [report] } = await sample(model, engines, { count: 2, settings });
        return { ...counter.calls(), attempts: report!.accepted + report!.rejected };
      } finally {
        counter.stop();
      }
    };
    await draw({ tableau: dopri5, control: adaptive });
    const dopri = await draw({ tableau: dopri5, control: adaptive });
    assert.ok(dopri.attempts > 1);
    assert.equal(dopri.buffers, 0);
    // Two choose the first step, and one reads the samples.
    assert.equal(dopri.submits, dopri.attempts + 3);
    const fixed = await draw({ tableau: rk4, control: { kind: "fixed", steps: 3 } });
    // All steps are checked together.
    assert.equal(fixed.submits, 2);
    model.parameters.dispose();
  },
);

import assert from "node:assert/strict";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import type { TrainOptions } from "../../../src/train/options/table.ts";
import { gpuRemarks } from "../../../src/train/steps/gpu_remarks.ts";
import { planRun } from "../../../src/train/training_plan.ts";
import { backendTest } from "../../support/backends.ts";
import { openSmall, smallRuns } from "../support/runs.ts";

backendTest(
  "gpuRemarks() says once why a CNF's training is not the GPU engine's",
  ["webgpu", "cpu"],
  async (backend) => {
    const remarksOf = async (changes: TrainOptions) => {
      const { model, ...options } = smallRuns.cnf;
      const plan = await planRun({
        model,
        options: { ...options, ...changes },
        configFile: null,
        values: {},
        openDataset: openSmall,
      });
      return gpuRemarks(plan, { backend, engines: enginesOf(backend) });
    };
    const cases: readonly (readonly [TrainOptions, RegExp | null])[] = [
      [{}, null],
      [{ trace: "hutchinson" }, null],
      [
        { gradient: "adjoint" },
        /^gradients run as tensor operations.*takes `gradient: "direct"` only$/,
      ],
      [{ regularize: "steps=0.1" }, null],
      [
        { regularize: "kinetic=0.1" },
        /^training solves run as tensor operations.*; the GPU engine: it integrates no energies$/,
      ],
      [{ rtol: 1e-7, atol: 1e-7 }, /tolerances from 0\.000001, not 1e-7$/],
    ];
    for (const [changes, remark] of cases) {
      const remarks = await remarksOf(changes);
      if (remark === null || backend.kind === "cpu") assert.deepEqual(remarks, []);
      else {
        assert.equal(remarks.length, 1);
        assert.match(remarks[0]!, remark);
      }
    }
  },
);

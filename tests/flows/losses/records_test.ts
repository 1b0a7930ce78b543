import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../../src/core/parameters.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import type { CnfLossSettings } from "../../../src/flows/likelihood_problem.ts";
import { cnfLossAndGradient } from "../../../src/flows/losses/cnf_loss.ts";
import { accurateSolve, type FlowModel } from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { simdEngine } from "../../../src/ode/engines/cpu/simd_engine.ts";
import type { Engine } from "../../../src/ode/engines/engine.ts";
import { enginesInOrder } from "../../../src/ode/engines/engines.ts";
import { portableEngine } from "../../../src/ode/engines/portable/portable_engine.ts";
import { backendTest } from "../../support/backends.ts";

const exact: CnfLossSettings = {
  ...{ ...accurateSolve, trace: { kind: "exact" }, gradient: { kind: "direct" } },
};

backendTest(
  "cnfLossAndGradient() keeps few groups' records where the engine solves and pulls back together",
  ["cpu"],
  async () => {
    const network = mlpNetwork({ dims: 2, hidden: 32 });
    const parameters = Parameters.fromFlat(network.layout, initialParameters(network, 0));
    const model: FlowModel = {
      ...{ kind: "cnf", network, parameters, path: linearPath(0) },
      ...{ source: standardNormal, standardization: null },
    };
    const rows = fillNormal(keyOf(subsequences.caller, 8, 41), 0, new Float32Array(256));
    const batch = tf.tensor2d(rows, [128, 2]);
    const together = simdEngine({ threads: 1 });
    const { solveWithGradient: _, ...apart } = together;
    const found = async (engine: Engine, settings: CnfLossSettings) => {
      const engines = enginesInOrder(engine, portableEngine("host"));
      const draw = { seed: 0, step: 0 };
      const taken = await cnfLossAndGradient(model, engines, batch, settings, draw);
      const { loss, gradient, energies, predictedSteps, nfe, backwardNfe, recordBytes } = taken;
      const tensors = [loss, gradient, energies, predictedSteps].filter((one) => one !== undefined);
      const values = tensors.map((tensor) => [...tensor.dataSync()]);
      tf.dispose(tensors);
      return { values, nfe: [await nfe(), await backwardNfe()], recordBytes: recordBytes! };
    };
    const before = tf.memory().numTensors;
    for (
      const settings of [
        exact,
        { ...exact, regularization: { kinetic: 0.1, jacobian: 0.05 } },
        { ...exact, regularization: { kinetic: 0, jacobian: 0, steps: 0.01 } },
      ]
    ) {
      const few = await found(together, settings), all = await found(apart, settings);
      assert.ok(few.recordBytes <= all.recordBytes / 3, `${few.recordBytes}, ${all.recordBytes}`);
      assert.deepEqual({ ...few, recordBytes: 0 }, { ...all, recordBytes: 0 });
    }
    // A group of several tiles, and the adjoint, are solved apart.
    for (
      const settings of [
        { ...exact, controlGroup: 64 },
        { ...exact, gradient: { kind: "adjoint", rtol: 1e-5, atol: 1e-5 } as const },
      ]
    ) {
      assert.deepEqual(await found(together, settings), await found(apart, settings));
    }
    assert.equal(tf.memory().numTensors, before);
    batch.dispose();
    parameters.dispose();
  },
);

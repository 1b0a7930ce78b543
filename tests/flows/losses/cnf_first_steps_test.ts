import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { fillNormal } from "../../../src/core/random/random.ts";
import { cnfLossAndGradient, type CnfLossSettings } from "../../../src/flows/losses/cnf_loss.ts";
import type { FirstSteps } from "../../../src/flows/losses/loss.ts";
import { accurateSolve } from "../../../src/flows/model.ts";
import { newModel } from "../../../src/flows/new_model.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import type { Engine } from "../../../src/ode/engines/engine.ts";
import { enginesInOrder } from "../../../src/ode/engines/engines.ts";
import { portableEngine } from "../../../src/ode/engines/portable/portable_engine.ts";
import { backendTest } from "../../support/backends.ts";

backendTest("cnfLossAndGradient() begins its solves where the training step before says", [
  "cpu",
], async () => {
  const model = newModel("cnf", mlpNetwork({ dims: 2, hidden: 4 }), { seed: 0 });
  const batch = tf.tensor2d(fillNormal({ seed: 1, stream: 0 }, 0, new Float32Array(24)), [12, 2]);
  const portable = portableEngine("host");
  const tried: (number | null)[] = [];
  const watched: Engine = {
    ...portable,
    solve(problem) {
      tried.push(problem.control.kind === "adaptive" ? problem.control.firstStep ?? null : -1);
      return portable.solve(problem);
    },
    pullBack(solution, cotangent, method) {
      tried.push(method.kind === "adjoint" ? method.firstStep ?? null : -1);
      return portable.pullBack(solution, cotangent, method);
    },
  };
  const take = async (firstSteps: FirstSteps | null, isFixed = false) => {
    const settings: CnfLossSettings = {
      ...accurateSolve,
      ...(isFixed && { control: { kind: "fixed", steps: 2 } }),
      trace: { kind: "exact" },
      gradient: isFixed ? { kind: "direct" } : { kind: "adjoint", rtol: 1e-5, atol: 1e-5 },
    };
    const draw = { seed: 0, step: 0, ...(firstSteps !== null && { firstSteps }) };
    tried.length = 0;
    const engines = enginesInOrder(watched);
    const { loss, gradient, nfe, backwardNfe, nextFirstSteps } = await cnfLossAndGradient(
      model,
      engines,
      batch,
      settings,
      draw,
    );
    const [value] = loss.dataSync(), evaluations = await nfe!() + await backwardNfe();
    tf.dispose([loss, gradient]);
    return { value: value!, evaluations, nextFirstSteps, tried: [...tried] };
  };
  const first = await take(null);
  assert.deepEqual(first.tried, [null, null]);
  const { forward, backward } = first.nextFirstSteps;
  assert.ok(forward! > 0 && backward! > 0 && forward !== backward);
  const second = await take(first.nextFirstSteps);
  assert.deepEqual(second.tried, [forward, backward]);
  assert.ok(second.evaluations < first.evaluations);
  assert.ok(Math.abs(second.value - first.value) < 1e-4);
  const fixed = await take(first.nextFirstSteps, true);
  assert.deepEqual(fixed.tried, [-1, -1]);
  assert.deepEqual(fixed.nextFirstSteps, { forward: null, backward: null });
  batch.dispose();
  model.parameters.dispose();
});

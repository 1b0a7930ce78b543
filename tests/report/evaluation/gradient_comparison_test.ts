import assert from "node:assert/strict";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import { cnfLossAndGradient } from "../../../src/flows/losses/cnf_loss.ts";
import { accurateSolve, type FlowModel } from "../../../src/flows/model.ts";
import { newModel } from "../../../src/flows/new_model.ts";
import { logProb } from "../../../src/flows/log_prob.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import { Parameters } from "../../../src/core/parameters.ts";
import { enginesOf } from "../../../src/ode/engines/open_device.ts";
import {
  compareGradients,
  type GradientComparison,
} from "../../../src/report/evaluation/gradient_comparison.ts";
import { backendTest } from "../../support/backends.ts";
import * as tf from "@tensorflow/tfjs";

const ROWS = 64;
const batch = fillNormal(keyOf(subsequences.caller, 4), 0, new Float32Array(2 * ROWS));

/** A network with weights large enough that its divergence matters. */
async function curvedModel(): Promise<FlowModel> {
  const model = newModel("cnf", mlpNetwork({ dims: 2, hidden: 16 }), { seed: 3 });
  const weights = (await model.parameters.flat.data<"float32">()).map((value) => 1.8 * value);
  model.parameters.dispose();
  return { ...model, parameters: Parameters.fromFlat(model.network.layout, weights) };
}

backendTest("compareGradients() measures what theory says of the four ways", ["cpu"], async (
  backend,
) => {
  const model = await curvedModel();
  const engines = enginesOf(backend);
  const options = {
    ...{ batch, tolerances: [1e-2, 1e-4], draws: 200, repeats: 1 },
    ...{ controlGroup: 8, seed: 5 },
  };
  const found = await compareGradients(model, engines, options);
  const { figures, probes, rows } = found;
  assert.equal(rows, ROWS);
  assert.equal(figures.length, 8);
  const at = (trace: string, gradient: string, tolerance: number) =>
    figures.find((one) =>
      one.trace === trace && one.gradient === gradient && one.tolerance === tolerance
    )!;

  // Hutchinson's estimator is unbiased: mean over draws within 4 standard errors of the exact loss
  // (up to the solver's error), and a mean gradient whose error falls like the noise of a mean.
  const bias = Math.abs(probes.loss - probes.exactLoss);
  assert.ok(bias < 4 * probes.lossStdErr + 1e-4, `${bias}, standard error ${probes.lossStdErr}`);
  assert.ok(probes.lossStdErr > 1e-4, "the probes matter");
  const last = probes.meanErrors.at(-1)!;
  assert.equal(last.draws, 200);
  const expected = probes.noise / Math.sqrt(200);
  assert.ok(last.error < 2 * expected, `${last.error}, expected about ${expected}`);
  assert.ok(probes.meanErrors[0]!.error > 4 * last.error);

  // One draw errs by the noise, whatever the tolerance.
  for (const gradient of ["direct", "adjoint"]) {
    const one = at("hutchinson", gradient, 1e-4);
    assert.ok(one.gradientError > 0.3 * probes.noise && one.gradientError < 3 * probes.noise);
    assert.ok(one.solverError < 0.1 * one.gradientError);
  }

  for (const trace of ["exact", "hutchinson"]) {
    for (const tolerance of [1e-2, 1e-4]) {
      const direct = at(trace, "direct", tolerance), adjoint = at(trace, "adjoint", tolerance);
      // The same forward solve.
      assert.equal(direct.loss, adjoint.loss);
      assert.equal(direct.nfe, adjoint.nfe);
      // Only the direct gradient keeps the steps.
      assert.equal(adjoint.recordBytes, 0);
      assert.ok(direct.recordBytes > 0);
    }
    // The adjoint's gradient is that of the exact flow up to the tolerance.
    const [coarse, fine] = [at(trace, "adjoint", 1e-2), at(trace, "adjoint", 1e-4)];
    assert.ok(fine.solverError < coarse.solverError / 5, `${fine.solverError}`);
    assert.ok(fine.backwardNfe > coarse.backwardNfe);
  }

  // All figures but times are functions of the seed.
  const withoutTimes = ({ figures, ...rest }: GradientComparison) => ({
    ...rest,
    figures: figures.map(({ stepMs: _, ...figure }) => figure),
  });
  assert.deepEqual(
    withoutTimes(await compareGradients(model, engines, options)),
    withoutTimes(found),
  );
  model.parameters.dispose();
});

backendTest(
  "the direct gradient is that of the discretised solve, the adjoint's is not",
  ["cpu"],
  async (backend) => {
    const model = await curvedModel();
    const engines = enginesOf(backend);
    // Two coarse steps, whose error is far above the difference quotient's.
    const settings = { ...accurateSolve, control: { kind: "fixed", steps: 2 } } as const;
    const nll = async (weights: Float32Array) => {
      const parameters = Parameters.fromFlat(model.network.layout, weights);
      const found = await logProb({ ...model, parameters }, engines, batch, { settings });
      parameters.dispose();
      return -found.logProb.reduce((sum, value) => sum + value, 0) / ROWS;
    };
    const rows = tf.tensor2d(batch, [ROWS, 2]);
    const gradientOf = async (kind: "direct" | "adjoint") => {
      const gradient = kind === "direct"
        ? { kind } as const
        : { kind, rtol: 1e-3, atol: 1e-3 } as const;
      const trace = { kind: "exact" } as const;
      const found = await cnfLossAndGradient(
        model,
        engines,
        rows,
        { ...settings, trace, gradient },
        { seed: 0, step: 0 },
      );
      const values = await found.gradient.data<"float32">();
      tf.dispose([found.loss, found.gradient]);
      return values;
    };
    const direct = await gradientOf("direct"), adjoint = await gradientOf("adjoint");
    const weights = await model.parameters.flat.data<"float32">();
    // Along the direct gradient, where the loss changes most relative to float32's rounding.
    const length = Math.hypot(...direct), step = 1e-2;
    const moved = (by: number) => weights.map((value, k) => value + by * direct[k]! / length);
    const slope = (await nll(moved(step)) - await nll(moved(-step))) / (2 * step);
    const along = (gradient: Float32Array) =>
      gradient.reduce((sum, value, k) => sum + value * direct[k]!, 0) / length;
    const errors = [direct, adjoint].map((gradient) => Math.abs(along(gradient) / slope - 1));
    assert.ok(errors[0]! < 2e-3, `${errors}`);
    assert.ok(errors[1]! > 2 * errors[0]!, `${errors}`);
    rows.dispose();
    model.parameters.dispose();
  },
);

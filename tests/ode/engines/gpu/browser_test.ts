import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../../../src/core/parameters.ts";
import { simdEngine } from "../../../../src/ode/engines/cpu/simd_engine.ts";
import type { Engine, SolveProblem } from "../../../../src/ode/engines/engine.ts";
import { gpuEngine } from "../../../../src/ode/engines/gpu/gpu_engine.ts";
import { mlpLayout } from "../../../../src/ops/mlp_field/contract.ts";
import { relativeError } from "../../../parity/fixtures.ts";
import { backendTest } from "../../../support/backends.ts";
import { dopri5Solve, randomNumbers, randomWeights } from "../mlp_problem.ts";
import { withBrowserGpu } from "./browser_gpu.ts";

// A second implementation of WGSL (Tint; the others are compiled by naga), which proves that barriers are
// in uniform control flow.
backendTest("the GPU engine runs in Chromium as on the CPU", ["cpu"], async () => {
  type Read = (tensor: tf.Tensor) => Promise<Float32Array>;
  const work = async (
    problem: SolveProblem,
    cotangent: tf.Tensor2D,
    engine: Engine,
    read: Read,
  ) => {
    const solution = await engine.solve(problem);
    const gradient = await engine.pullBack(solution, cotangent, { kind: "direct" });
    const result = {
      reports: await engine.report(solution)(),
      nfe: await gradient.nfe(),
      y1: await read(solution.y1),
      ofY0: await read(gradient.y0),
      ofParameters: await read(gradient.parameters),
    };
    tf.dispose([gradient.y0, gradient.parameters]);
    solution.dispose();
    return result;
  };
  await withBrowserGpu(async (gpu) => {
    // The tangents of the second come in two passes.
    for (const shape of [{ dims: 2, hidden: 8 }, { dims: 5, hidden: 8 }]) {
      const rows = 13, size = rows * (shape.dims + 1);
      const parameters = Parameters.fromFlat(mlpLayout(shape), randomWeights(shape, 1.5));
      const [y0, cotangent] = [20, 21].map((seed) =>
        tf.tensor2d(Float32Array.from(randomNumbers(size, seed)), [rows, shape.dims + 1])
      ) as [tf.Tensor2D, tf.Tensor2D];
      const problem: SolveProblem = {
        field: { kind: "mlp", ...shape, parameters, trace: { kind: "exact" } },
        y0,
        ...dopri5Solve,
        keep: { kind: "records" },
      };
      try {
        const inBrowser = await work(
          ...[problem, cotangent] as const,
          gpuEngine(gpu.asGpu, { tile: { rows: 2, quads: 1, unroll: 2 } }),
          (tensor) => gpu.valuesOf(tensor),
        );
        const here = await work(
          ...[problem, cotangent] as const,
          simdEngine({ threads: 1 }),
          async (tensor) => Float32Array.from(await tensor.data()),
        );
        assert.deepEqual(inBrowser.reports, here.reports);
        assert.equal(inBrowser.nfe, here.nfe);
        for (const key of ["y1", "ofY0", "ofParameters"] as const) {
          const error = relativeError(inBrowser[key], here[key]);
          assert.ok(error < 1e-5, `${shape.dims}-D, ${key}: ${error}`);
        }
      } finally {
        tf.dispose([y0, cotangent]);
        parameters.dispose();
      }
    }
  });
});

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../../../src/core/parameters.ts";
import { simdEngine } from "../../../../src/ode/engines/cpu/simd_engine.ts";
import type { Engine, SolveProblem } from "../../../../src/ode/engines/engine.ts";
import { registerGpuTimeEmbedding } from "../../../../src/backends/gpu/flow/time_embedding.ts";
import { gpuTensorEngine } from "../../../../src/ode/engines/gpu/attempts/tensor_engine.ts";
import { tensorField } from "../../../../src/ode/engines/portable/tensor_field.ts";
import { TIME_EMBEDDING } from "../../../../src/ops/time_embedding/time_embedding.ts";
import { gpuEngine } from "../../../../src/ode/engines/gpu/gpu_engine.ts";
import { mlpLayout } from "../../../../src/ops/mlp_field/contract.ts";
import { relativeError } from "../../../parity/fixtures.ts";
import { backendTest } from "../../../support/backends.ts";
import { dopri5Solve, randomNumbers, randomWeights } from "../mlp_problem.ts";
import { type BrowserGpu, withBrowserGpu } from "./browser_gpu.ts";

/** A backend of tfjs's that has kernels only. */
const NAME = "browser";

// A second implementation of WGSL (Tint; the others are compiled by naga), which proves that barriers are
// in uniform control flow.
backendTest("the GPU engines run in Chromium as on the CPU", ["cpu"], async () => {
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
    await solveByAttempts(gpu);
  });
});

/**
 * Solves y' = (sin pi t, cos pi t), the time embedding of width 2, with the step control of networks that tfjs
 * evaluates. In closed form y(1) = y(0) + (2 / pi, 0).
 */
async function solveByAttempts(gpu: BrowserGpu): Promise<void> {
  registerGpuTimeEmbedding(NAME, { gpu: () => gpu.asGpu });
  const { kernelFunc } = tf.getKernel(TIME_EMBEDDING, NAME);
  const evaluate = (_: tf.Tensor2D, t: tf.Tensor1D) =>
    kernelFunc({ inputs: { t }, attrs: { width: 2 }, backend: {} }) as tf.Tensor2D;
  const values = Float32Array.of(1, 2, 3, 4, 5, 6);
  const engine = gpuTensorEngine(gpu.asGpu, { clock: () => 0 });
  const solution = await engine.solve({
    field: {
      kind: "tensors",
      field: tensorField(() => tf.zeros([3, 2]), null),
      atDeviceTimes: evaluate,
    },
    y0: { shape: [3, 2], values },
    ...dopri5Solve,
    t0: 0,
    t1: 1,
    controlGroup: 2,
    keep: { kind: "end" },
  });
  try {
    const reports = await engine.report(solution)();
    assert.deepEqual(reports.map(({ failure, rows }) => [failure, rows]), [
      [null, [0, 2]],
      [null, [2, 3]],
    ]);
    (await gpu.valuesOf(solution.y1)).forEach((value, i) => {
      const exact = values[i]! + (i % 2 === 0 ? 2 / Math.PI : 0);
      assert.ok(Math.abs(value - exact) < 1e-4, `${i}: ${value}`);
    });
  } finally {
    solution.dispose();
    tf.unregisterKernel(TIME_EMBEDDING, NAME);
  }
}

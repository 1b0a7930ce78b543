import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { TfjsWebgpu } from "../../../../../src/backends/gpu/tfjs_webgpu.ts";
import { Parameters } from "../../../../../src/core/parameters.ts";
import { gpuEngine } from "../../../../../src/ode/engines/gpu/gpu_engine.ts";
import { dopri5 } from "../../../../../src/ode/tableaus/dopri5.ts";
import { mlpLayout } from "../../../../../src/ops/mlp_field/contract.ts";
import { relativeError } from "../../../../parity/fixtures.ts";
import { backendTest } from "../../../../support/backends.ts";
import { randomNumbers, randomWeights } from "../../mlp_problem.ts";
import { CommandLog } from "./command_log.ts";
import { runInChromium } from "./in_chromium.ts";

// Two implementations of WebGPU find what one alone hides: Deno's compiles shaders by naga, Chromium's by
// Tint, which also proves that barriers are in uniform control flow.
backendTest(
  "the GPU engine's solve and gradient are the same in Chromium",
  ["webgpu"],
  async (backend) => {
    const shape = { dims: 2, hidden: 10 }, rows = 13, width = 3;
    const gpu = new CommandLog(
      new TfjsWebgpu(tf.findBackend(backend.tfName)),
      () => backend.check(),
    );
    const weights = randomWeights(shape),
      parameters = Parameters.fromFlat(mlpLayout(shape), weights);
    const [start, cotangent] = [20, 21].map((subsequence) =>
      Float32Array.from(randomNumbers(rows * width, subsequence))
    ) as [Float32Array, Float32Array];
    const y0 = tf.tensor2d(start, [rows, width]), ofY1 = tf.tensor2d(cotangent, [rows, width]);
    gpu.give(parameters.flat, weights);
    gpu.give(y0, start);
    gpu.give(ofY1, cotangent);
    const engine = gpuEngine(gpu);
    const solution = await engine.solve({
      field: { kind: "mlp", ...shape, parameters, trace: { kind: "exact" } },
      y0,
      t0: 0,
      t1: 1,
      tableau: dopri5,
      control: { kind: "adaptive", rtol: 1e-4, atol: 1e-4 },
      controlGroup: 8,
      maxSteps: 1000,
      keep: { kind: "records" },
    });
    const gradient = await engine.pullBack(solution, ofY1, { kind: "direct" });
    await gradient.nfe();
    const results = [solution.y1, gradient.y0, gradient.parameters];
    const expected = await Promise.all(results.map((tensor) => tensor.data()));
    const found = await runInChromium(gpu, results.map((tensor) => gpu.numberOf(tensor)));
    found.forEach((values, i) => {
      const error = relativeError(values, expected[i]!);
      // Roundings of exp() and fma() differ; the error estimate, a difference, and with it the next step
      // differ by some thousandth, which moves the gradient by a fraction of the tolerance.
      assert.ok(error < 1e-4, `${["y1", "y0", "parameters"][i]}: ${error}`);
    });
    solution.dispose();
    tf.dispose([gradient.y0, gradient.parameters, y0, ofY1]);
    parameters.dispose();
    gpu.close();
  },
);

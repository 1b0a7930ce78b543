import * as tf from "../../../core/tfjs/library.ts";
import type { Gpu } from "../../../backends/gpu/gpu.ts";
import { ready } from "../../../core/late.ts";
import { requireSolved } from "../../solver/failure_message.ts";
import type { Engine, Gradient, GradientMethod, Solution } from "../engine.ts";
import { requireProblem } from "../valid_problem.ts";
import { adjointGradient } from "../portable/adjoint_gradient.ts";
import { mlpTensorField } from "../portable/mlp_field.ts";
import { tensorSpace } from "../portable/tensor_rows.ts";
import { pullBackDirect } from "./pull_back/direct_gradient.ts";
import { rowsAtOnce, type SolveTuning, supports } from "./plan.ts";
import { solveOnGpu } from "./solve_job.ts";
import { Solved } from "./solved.ts";

/**
 * The GPU engine: whole solves of ConditionalMLPs in WGSL. A workgroup owns a control group and decides on
 * its steps; a dispatch takes up to 64 attempts. States, times and step sizes are float32.
 *
 * The result of a row depends on no other group, nor on the number of dispatches. The continuous adjoint is
 * solved by the portable engine's operations.
 */
export function gpuEngine(gpu: Gpu, tuning?: SolveTuning): Engine {
  return {
    name: "GPU, whole solves in WGSL",
    threads: 1,
    supports: (problem) => supports(problem, gpu.limits),
    rowsAtOnce,
    async solve(problem) {
      const { field } = problem;
      const support = supports(problem, gpu.limits);
      if (support.kind === "no" || field.kind !== "mlp") {
        const reasons = support.kind === "no" ? support.reasons : [];
        throw new RangeError(`the GPU engine: ${reasons.join(", ")}`);
      }
      requireProblem({ ...problem, field });
      return await solveOnGpu(gpu, { ...problem, field }, tuning);
    },
    pullBack: (solution, cotangent, method) =>
      pullBack(solvedOn(gpu, solution), { cotangent, method, tuning }),
    report: (solution) => ready(solvedOn(gpu, solution).reports),
    recordBytes(solution) {
      const { records } = solvedOn(gpu, solution);
      return (records?.chunks ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
    },
  };
}

function solvedOn(gpu: Gpu, solution: Solution): Solved {
  if (solution instanceof Solved && solution.gpu === gpu) return solution;
  throw new TypeError("the GPU engine: the solution belongs to another engine");
}

async function pullBack(
  solved: Solved,
  { cotangent, method, tuning }: {
    readonly cotangent: tf.Tensor2D;
    readonly method: GradientMethod;
    readonly tuning: SolveTuning | undefined;
  },
): Promise<Gradient> {
  const { problem, reports } = solved;
  const { control, maxSteps } = problem;
  requireSolved(reports, { control, maxSteps, maxStepsOption: "maxSteps" });
  switch (method.kind) {
    case "direct":
      return pullBackDirect(solved, cotangent, { tile: tuning?.tile });
    case "adjoint":
      return await pullBackAdjoint(solved, cotangent, method);
    default:
      return method satisfies never;
  }
}

async function pullBackAdjoint(
  { problem, y1 }: Solved,
  cotangent: tf.Tensor2D,
  method: GradientMethod & { readonly kind: "adjoint" },
): Promise<Gradient> {
  const field = mlpTensorField(problem.field, { rows: y1.shape[0] });
  try {
    const inputs = { problem, space: tensorSpace, field, y1, cotangent, method };
    return await adjointGradient(inputs, (rows) => tf.clone(rows));
  } finally {
    field.dispose();
  }
}

import * as tf from "../../../../core/tfjs/library.ts";
import { type DeviceLimits, mostBindingBytes } from "../../../../backends/gpu/limits.ts";
import type { Gpu } from "../../../../backends/gpu/mod.ts";
import { ready } from "../../../../core/late.ts";
import { requireSolved } from "../../../solver/failure_message.ts";
import type { Engine, Solution, SolveProblem, SolveReport, Support } from "../../engine.ts";
import { requireSolvable } from "../../valid_problem.ts";
import { adjointGradient } from "../../portable/adjoint_gradient.ts";
import { tensorSpace } from "../../portable/tensor_rows.ts";
import { LEAST_TOLERANCE } from "../plan.ts";
import { attemptSizes, type DeviceTimesProblem, largestBytes } from "./attempt_recorder.ts";
import { solveAhead } from "./solve_ahead.ts";

/** A solve by {@link gpuTensorEngine}. */
class Solved implements Solution {
  readonly states = [];

  constructor(
    readonly gpu: Gpu,
    readonly problem: DeviceTimesProblem,
    readonly reports: readonly SolveReport[],
    readonly y1: tf.Tensor2D,
  ) {}

  dispose(): void {
    this.y1.dispose();
  }
}

/**
 * The GPU engine of other networks than the ConditionalMLP: their evaluations are tfjs operations, between
 * shaders that combine stages and decide on steps. The host records attempts ahead and waits once per
 * batch of them. Solves alone: whatever keeps records or states on the way is the portable engine's.
 *
 * @param options.clock Milliseconds, from any origin.
 */
export function gpuTensorEngine(gpu: Gpu, { clock }: { readonly clock: () => number }): Engine {
  const solvedHere = (solution: Solution): Solved => {
    if (solution instanceof Solved && solution.gpu === gpu) return solution;
    throw new TypeError("the GPU engine of tensors: the solution belongs to another engine");
  };
  return {
    name: "GPU, step control in WGSL",
    threads: 1,
    supports: (problem) => supports(problem, gpu.limits),
    async solve(given) {
      const { field } = given, support = supports(given, gpu.limits);
      if (support.kind === "no" || field.kind !== "tensors" || field.atDeviceTimes === undefined) {
        const reasons = support.kind === "no" ? support.reasons : [];
        throw new RangeError(`the GPU engine of tensors: ${reasons.join(", ")}`);
      }
      requireSolvable(given);
      const problem = { ...given, field }, velocity = field.atDeviceTimes;
      const { y1, reports } = await solveAhead(gpu, { problem, velocity }, clock);
      return new Solved(gpu, problem, reports, y1);
    },
    async pullBack(solution, cotangent, method) {
      const { problem, reports, y1 } = solvedHere(solution);
      const { control, maxSteps, field: { field } } = problem;
      requireSolved(reports, { control, maxSteps, maxStepsOption: "maxSteps" });
      if (method.kind === "direct") {
        throw new TypeError('direct gradient: solve with keep: { kind: "records" }');
      }
      const inputs = { problem, space: tensorSpace, field, y1, cotangent, method };
      return await adjointGradient(inputs, (rows) => tf.clone(rows));
    },
    report: (solution) => ready(solvedHere(solution).reports),
  };
}

/** Whether the engine takes a problem: by kinds and shapes, and the tolerances. */
function supports(problem: SolveProblem, limits: DeviceLimits): Support {
  const { field, keep, control, t0, t1 } = problem;
  if (field.kind !== "tensors" || field.atDeviceTimes === undefined) {
    return { kind: "no", reasons: ["it takes fields of tensors whose times may be on the device"] };
  }
  const reasons: string[] = [];
  if (keep.kind !== "end") reasons.push(`it keeps no ${keep.kind}`);
  if (field.field.parts !== null) reasons.push("it takes states of one part");
  if (t0 === t1) reasons.push("it takes at least one step");
  if (control.kind === "adaptive") {
    const tolerance = Math.max(control.rtol, control.atol);
    if (tolerance < LEAST_TOLERANCE) {
      reasons.push(`its float32 takes tolerances from ${LEAST_TOLERANCE}, not ${tolerance}`);
    }
  }
  const bytes = largestBytes(attemptSizes(problem)), most = mostBindingBytes(limits);
  if (bytes > most) reasons.push(`it takes ${bytes} bytes in a buffer, the device has ${most}`);
  return reasons.length === 0 ? { kind: "yes" } : { kind: "no", reasons };
}

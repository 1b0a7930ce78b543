import { option } from "../../core/options/spelling.ts";
import { Parameters } from "../../core/parameters.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { traceColumns } from "../../flows/divergence.ts";
import { drawTrace, penalisedTrace } from "../../flows/likelihood_problem.ts";
import { velocityField } from "../../flows/velocity_field.ts";
import type { SolveProblem, Support } from "../../ode/engines/engine.ts";
import { type Device, slowOnGpu } from "../../ode/engines/open_device.ts";
import {
  gradientOf,
  regularizationOf,
  solveSettingsOf,
  traceOf,
} from "../config/solve_settings.ts";
import type { TrainingPlan } from "../training_plan.ts";

type Planned = Pick<TrainingPlan, "config" | "network">;

/** Whether the GPU engine takes the solves of a CNF's training, and the solve's gradient is its own. */
function gpuSupport(
  { config, network }: Planned,
  supports: (problem: SolveProblem) => Support,
): { readonly solves: Support; readonly isAdjoint: boolean } {
  const drawn = drawTrace(traceOf(config), {
    key: keyOf(subsequences.probes, config.seed, 0),
    firstRow: 0,
  });
  const regularization = regularizationOf(config);
  const trace = regularization === null ? drawn : penalisedTrace(drawn, regularization);
  const { layout, rowWidth } = network;
  const parameters = Parameters.fromFlat(layout, new Float32Array(layout.size));
  const rows = config.batchSize, width = rowWidth + traceColumns(trace);
  const isAdjoint = gradientOf(config).kind === "adjoint";
  try {
    const solves = supports({
      ...solveSettingsOf(config),
      field: velocityField({ network, parameters }, trace),
      y0: { shape: [rows, width], values: new Float32Array(rows * width) },
      t0: 0,
      t1: 1,
      keep: { kind: isAdjoint ? "end" : "records" },
    });
    return { solves, isAdjoint };
  } finally {
    parameters.dispose();
  }
}

const onlyDirect = () => `it takes ${option("gradient", "direct")} only`;

/** Why the GPU engine does not take a CNF's training, as phrases; empty if it does. */
export function gpuReasons(
  plan: Planned,
  supports: (problem: SolveProblem) => Support,
): readonly string[] {
  const { fused } = plan.network;
  // Another network's field is made of tensors, and no backend may be open yet.
  if (fused?.kind !== "mlp") return [`it takes networks of kind mlp, not ${plan.network.kind}`];
  const { solves, isAdjoint } = gpuSupport(plan, supports);
  return [
    ...(solves.kind === "no" ? solves.reasons : []),
    ...(isAdjoint ? [onlyDirect()] : []),
  ];
}

/**
 * Remarks about a CNF's training on a GPU, one line each: why its solves or its gradients run as
 * tensor operations. Call with the device's backend current.
 */
export function gpuRemarks(
  plan: Planned,
  { backend, engines }: Pick<Device, "backend" | "engines">,
): readonly string[] {
  if (backend.kind !== "webgpu" || plan.config.model !== "cnf") return [];
  const { solves, isAdjoint } = gpuSupport(
    plan,
    (problem) => engines.inOrder[0]!.supports(problem),
  );
  if (solves.kind === "no") return [slowOnGpu("training solves", solves.reasons)];
  return isAdjoint ? [slowOnGpu("gradients", [onlyDirect()])] : [];
}

import { option } from "../../core/options/spelling.ts";
import { Parameters } from "../../core/parameters.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { traceColumns } from "../../flows/divergence.ts";
import { drawTrace, penalisedTrace } from "../../flows/likelihood_problem.ts";
import { velocityField } from "../../flows/velocity_field.ts";
import type { Device } from "../../ode/engines/open_device.ts";
import {
  gradientOf,
  regularizationOf,
  solveSettingsOf,
  traceOf,
} from "../config/solve_settings.ts";
import type { TrainingPlan } from "../training_plan.ts";

/**
 * Remarks about a CNF's training on a GPU, one line each: why its solves or its gradients run as
 * tensor operations. Call with the device's backend current.
 */
export function gpuRemarks(
  { config, network }: Pick<TrainingPlan, "config" | "network">,
  { backend, engines }: Pick<Device, "backend" | "engines">,
): readonly string[] {
  if (backend.kind !== "webgpu" || config.model !== "cnf") return [];
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
    const support = engines.inOrder[0]!.supports({
      ...solveSettingsOf(config),
      field: velocityField({ network, parameters }, trace),
      y0: { shape: [rows, width], values: new Float32Array(rows * width) },
      t0: 0,
      t1: 1,
      keep: { kind: isAdjoint ? "end" : "records" },
    });
    const slow = `run as tensor operations, slower than with ${option("backend", "cpu")}`;
    if (support.kind === "no") {
      return [`training solves ${slow}; the GPU engine: ${support.reasons.join("; ")}`];
    }
    return isAdjoint
      ? [`gradients ${slow}: the GPU engine has ${option("gradient", "direct")}`]
      : [];
  } finally {
    parameters.dispose();
  }
}

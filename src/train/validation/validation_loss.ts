import { accurateSolve, type FlowModel } from "../../flows/model.ts";
import type { Engines } from "../../ode/engines/engines.ts";
import { readRows } from "../batches.ts";
import { type EvaluationContext, meanLoss } from "../evaluation.ts";

/**
 * Tolerance of a CNF's validation. On nine columns of a stiff model it takes half the evaluations of
 * 1e-5 and errs by 0.002 to 0.01 nats (at 1e-3 by 0.05 to 0.16), while validations differ by 0.1.
 */
const TOLERANCE = 1e-4;

/** Pairs of noise and data in a flow-matching validation, so that few rows give a quiet loss. */
const PAIRS = 4096;

/**
 * Loss over the validation rows.
 *
 * CNF: negative log-likelihood in nats, in the data's units. Flow matching: the training loss, each
 * row with several draws of noise and time, the same at every validation.
 *
 * @throws {RangeError} If the data have no validation rows.
 * @throws {FailureError} If a solve fails.
 */
export async function validationLoss(
  model: FlowModel,
  engines: Engines,
  { config, dataset, values, way, kept }: EvaluationContext,
): Promise<number> {
  const count = dataset.kind === "points" ? dataset.validation?.count ?? 0 : 0;
  const repetitions = model.kind === "fm" ? Math.max(1, Math.ceil(PAIRS / count)) : 1;
  const indices = Array.from({ length: count * repetitions }, (_, i) => i % count);
  const control = { kind: "adaptive", rtol: TOLERANCE, atol: TOLERANCE } as const;
  return await meanLoss(model, engines, {
    rows: readRows(dataset, "validation", indices),
    ...{ config, values, way },
    kept: { regressions: kept, name: "validation rows" },
    settings: { ...accurateSolve, control },
  });
}

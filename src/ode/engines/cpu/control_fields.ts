import { controllerOf } from "../../solver/step_control.ts";
import type { StepControl } from "../engine.ts";
import type { JobField } from "./job.ts";

/** The job fields of adaptive step-size control. */
export function adaptiveFields(
  control: StepControl & { readonly kind: "adaptive" },
  errorOrder: number,
): Partial<Record<JobField, number>> {
  const { exponents, safety, growth, shrinkAccepted, shrinkRejected } = controllerOf(control);
  return {
    rtol: control.rtol,
    atol: control.atol,
    exponent1: exponents[0] / errorOrder,
    exponent2: exponents[1] / errorOrder,
    exponent3: exponents[2] / errorOrder,
    safety,
    growth,
    shrinkAccepted,
    shrinkRejected,
    firstStep: control.firstStep ?? 0,
  };
}

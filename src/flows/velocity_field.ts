import { InputError } from "../core/errors.ts";
import type { FieldSpec, TraceMethod } from "../ode/engines/engine.ts";
import { tensorField } from "../ode/engines/portable/tensor_field.ts";
import type { FlowModel } from "./model.ts";
import { velocityInPieces } from "./velocity_in_pieces.ts";

/**
 * A model's velocity as an engine takes it: the network's fused form where it has one, else its
 * tfjs operations.
 *
 * @param trace With it the state is (z, logp), dlogp/dt = -div f; null: z alone.
 * @throws {InputError} If a divergence is wanted that cannot be computed.
 */
export function velocityField(
  { network, parameters }: Pick<FlowModel, "network" | "parameters">,
  trace: TraceMethod | null,
): FieldSpec {
  if (network.fused !== undefined) return { ...network.fused, parameters, trace };
  if (trace !== null) {
    throw new InputError(`network ${network.kind}: has no divergence that Fluxion can compute`);
  }
  return {
    kind: "tensors",
    field: tensorField((tensors, x, t) => velocityInPieces(network, tensors, x, { t }), parameters),
  };
}

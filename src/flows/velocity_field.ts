import * as tf from "../core/tfjs/library.ts";
import type { Tensor1D, Tensor2D } from "../core/tensors.ts";
import type { FieldSpec } from "../ode/engines/engine.ts";
import { LINEARIZATION_ROWS, tensorField } from "../ode/engines/portable/tensor_field.ts";
import { changeColumns, type DivergenceTrace, withDivergence } from "./divergence.ts";
import type { FlowModel } from "./model.ts";
import { trainingRows } from "./piece_rows.ts";
import { velocityInPieces, velocityInPiecesAtDeviceTimes } from "./velocity_in_pieces.ts";

/**
 * A model's velocity in the form engines accept: the network's fused form if it has one, else its
 * tfjs operations, differentiated in pieces that fit in memory.
 *
 * @param trace If set, the state is (z, logp) with dlogp/dt = -div f, see `withDivergence`; null: z
 *   alone. The fused form supports at most one probe per row.
 */
export function velocityField(
  { network, parameters }: Pick<FlowModel, "network" | "parameters">,
  trace: DivergenceTrace | null,
): FieldSpec {
  const { fused, rowWidth } = network;
  if (fused !== undefined && (trace === null || changeColumns(trace) === 1)) {
    return { ...fused, parameters, trace };
  }
  const fitting = Math.max(1, trainingRows(network));
  const velocity = tensorField(
    (tensors, x, t) => velocityInPieces(network, tensors, x, { t }),
    parameters,
    // withDivergence() derives its own limit from the memory.
    { linearizationRows: trace === null ? Math.min(LINEARIZATION_ROWS, fitting) : fitting },
  );
  if (trace !== null) {
    return { kind: "tensors", field: withDivergence(velocity, trace, rowWidth) };
  }
  if (network.applyAtDeviceTimes === undefined) return { kind: "tensors", field: velocity };
  const atDeviceTimes = (x: Tensor2D, t: Tensor1D) =>
    tf.tidy(() => velocityInPiecesAtDeviceTimes(network, parameters.tensors, { x, t }));
  return { kind: "tensors", field: velocity, atDeviceTimes };
}

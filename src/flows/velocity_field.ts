import type { FieldSpec } from "../ode/engines/engine.ts";
import { tensorField } from "../ode/engines/portable/tensor_field.ts";
import { changeColumns, type DivergenceTrace, withDivergence } from "./divergence.ts";
import type { FlowModel } from "./model.ts";
import { trainingRows } from "./piece_rows.ts";
import { velocityInPieces } from "./velocity_in_pieces.ts";

/** Rows that are differentiated together at most, whatever the memory: more gain nothing. */
const MOST_ROWS = 4096;

/** Times the memory of a gradient that the gradient of a divergence takes: a VJP is differentiated again. */
const DIVERGENCE_MEMORY = 4;

/**
 * A model's velocity as an engine takes it: the network's fused form where it has one, else its
 * tfjs operations, differentiated in pieces that fit in memory.
 *
 * @param trace With it the state is (z, logp), dlogp/dt = -div f, as `withDivergence` says; null: z
 *   alone. Several probes per row are beyond the fused form.
 */
export function velocityField(
  { network, parameters }: Pick<FlowModel, "network" | "parameters">,
  trace: DivergenceTrace | null,
): FieldSpec {
  const { fused, rowWidth } = network;
  if (fused !== undefined && (trace === null || changeColumns(trace) === 1)) {
    return { ...fused, parameters, trace };
  }
  const fitting = Math.floor(trainingRows(network) / (trace === null ? 1 : DIVERGENCE_MEMORY));
  const velocity = tensorField(
    (tensors, x, t) => velocityInPieces(network, tensors, x, { t }),
    parameters,
    { linearizationRows: Math.max(1, Math.min(MOST_ROWS, fitting)) },
  );
  return {
    kind: "tensors",
    field: trace === null ? velocity : withDivergence(velocity, trace, rowWidth),
  };
}

import { mlpLayout } from "../../ops/mlp_field/contract.ts";
import type { FusedField, Network } from "../network.ts";
import type { NetworkKind } from "../network_kind.ts";
import { requireRoom } from "../room.ts";
import { requireSizes } from "../size_rule.ts";
import { frequencyBuffer } from "../time_embedding.ts";
import { conditionalMlp } from "./conditional_mlp.ts";
import { type MlpSizes, mlpSizes } from "./sizes.ts";

/** A ConditionalMLP over points. */
export interface MlpNetwork extends Network {
  /** Says which network it is. */
  readonly kind: "mlp";
  /** Dimension and width. */
  readonly sizes: MlpSizes;
  /** The kernel `mlp_field`. */
  readonly fused: FusedField;
}

/**
 * The ConditionalMLP of some sizes.
 *
 * @throws {InputError} If a size is not one that it takes, or no memory has room for its weights.
 */
export function mlpNetwork(given: MlpSizes): MlpNetwork {
  const sizes = requireSizes(mlpSizes.sizes, given);
  const { dims, hidden } = sizes;
  // The largest is the backward pass's end, or for many dimensions its beginning.
  const training = Math.max(15 * hidden + 8 * dims, 12 * hidden + 9.5 * dims);
  const network: MlpNetwork = {
    kind: "mlp",
    rowWidth: dims,
    layout: mlpLayout(sizes),
    apply: (parameters, x, { t }) => conditionalMlp(sizes, parameters, x, t),
    sizes,
    fused: { kind: "mlp", dims, hidden },
    activations: { evaluation: 8 * hidden + dims, training },
    buffers: [frequencyBuffer("t_proj.freqs", hidden)],
    description: `a ConditionalMLP of width ${hidden}`,
  };
  requireRoom(network, {
    weights: "a smaller hidden",
    activations: "a smaller hidden width",
  });
  return network;
}

/** How a ConditionalMLP is made from a record or recognised in a state_dict. */
export const mlpKind: NetworkKind = {
  kind: "mlp",
  create: (sizes) => mlpNetwork(sizes as MlpSizes),
  stateDict: {
    mark: "a ConditionalMLP (x_proj.weight [hidden, dims])",
    sizes({ shapeOf }) {
      const projection = shapeOf("x_proj.weight", 2);
      if (projection === null) return null;
      const [hidden, dims] = projection;
      return { dims, hidden };
    },
  },
};

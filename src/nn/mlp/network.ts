import { mlpLayout } from "../../ops/mlp_field/contract.ts";
import type { FusedField, Network } from "../network.ts";
import type { NetworkKind } from "../network_kind.ts";
import { option } from "../../core/options/spelling.ts";
import { requireRoom } from "../room.ts";
import { requireSizes } from "../size_rule.ts";
import { frequencyBuffer } from "../time_embedding.ts";
import { conditionalMlp } from "./conditional_mlp.ts";
import { type MlpSizes, mlpSizes } from "./sizes.ts";

/** A ConditionalMLP over points. */
export interface MlpNetwork extends Network {
  /** Discriminates the network. */
  readonly kind: "mlp";
  /** Dimension and width. */
  readonly sizes: MlpSizes;
  /** The kernel `mlp_field`. */
  readonly fused: FusedField;
}

/**
 * Makes a ConditionalMLP.
 *
 * @throws {InputError} If a size is invalid or the weights do not fit in memory.
 */
export function mlpNetwork(given: MlpSizes): MlpNetwork {
  const sizes = requireSizes(mlpSizes.sizes, given);
  const { dims, hidden } = sizes;
  // The peak is at the end of the backward pass, or with many dimensions at its beginning.
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
    weights: `a smaller ${option("hidden")}`,
    activations: `a smaller ${option("hidden")}`,
  });
  return network;
}

/** Makes a ConditionalMLP from a record and recognises one in a state_dict. */
export const mlpKind: NetworkKind = {
  kind: "mlp",
  create: (sizes) => mlpNetwork(sizes as MlpSizes),
  stateDict: {
    mark: "a ConditionalMLP (x_proj.weight [hidden, dims])",
    sizes({ shapeOf }) {
      const projection = shapeOf("x_proj.weight", 2);
      if (projection === null) return null;
      const [rows, columns] = projection;
      // Transposed, as other frameworks have it, it is named as that: by the bias.
      const width = shapeOf("x_proj.bias", 1)?.[0];
      return width === columns && width !== rows
        ? { dims: rows, hidden: columns }
        : { dims: columns, hidden: rows };
    },
  },
};

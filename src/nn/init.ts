import { reorderAxes } from "../core/parameters.ts";
import { fillUniform } from "../core/random/random.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import type { Network } from "./network.ts";

/**
 * Fresh weights, initialised like PyTorch's layers: Linear and Conv2d uniform in +-1/sqrt(fan-in),
 * GroupNorm with scale one and offset zero. U-Net layers that docs/unet.py sets to zero are zero.
 *
 * Tensor i is drawn in file order from RNG subsequence i, so it depends on the seed alone, not on
 * the device layout.
 *
 * @returns [layout.size], flat, in device order.
 */
export function initialParameters(network: Network, seed: number): Float32Array {
  const { layout } = network;
  const flat = new Float32Array(layout.size);
  layout.entries.forEach((entry, i) => {
    const key = keyOf(subsequences.weights, seed, i);
    const values = fillUniform(key, 0, new Float32Array(entry.size));
    for (let j = 0; j < values.length; j++) {
      values[j] = entry.initialCentre + (2 * values[j]! - 1) * entry.initialBound;
    }
    flat.set(reorderAxes(entry, values, "device"), entry.offset);
  });
  return flat;
}

import { reorderAxes } from "../core/parameters.ts";
import { fillUniform } from "../core/random/random.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import type { Network } from "./network.ts";

/**
 * Fresh weights as PyTorch's layers start: those of Linear and Conv2d uniform in
 * +-1/sqrt(fan-in), a GroupNorm's scale one and its offset zero; the layers of a U-Net that
 * docs/unet.py sets to zero are zero.
 *
 * Tensor i is drawn in the file's order from RNG subsequence i, so that it depends on the
 * seed alone, not on how a device lays it out.
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

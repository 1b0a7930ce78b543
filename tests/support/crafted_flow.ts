import { mlpNetwork } from "../../src/nn/mlp/network.ts";

/** The network of {@link wallWeights}. */
export const wallNetwork = mlpNetwork({ dims: 2, hidden: 16 });

/**
 * Weights of a ConditionalMLP over the plane, in device order, whose velocity is
 * exactly 0 for x2 below `height` and (0, 2 `speed`) above: the density below is the
 * standard normal's. With a speed of 2e38 the velocity above is infinite and no
 * solve from there ends; with 1e25 it ends where float32 cannot square the state.
 */
export function wallWeights(speed: number, height = 3): Float32Array {
  const layout = wallNetwork.layout;
  const flat = new Float32Array(layout.size);
  const { hidden } = wallNetwork.sizes;
  const set = (name: string, index: number, value: number) => {
    flat[layout.entries.find((entry) => entry.name === name)!.offset + index] = value;
  };
  // The last unit of two layers: tanh(50 (x2 - height) + embedding), made steep.
  set("x_proj.weight", 2 * hidden - 1, 50);
  set("x_proj.bias", hidden - 1, -50 * height);
  set("backbone.0.weight", hidden * hidden - 1, 1000);
  // Two units that differ above the wall alone, where the bias outweighs nothing of the first.
  set("backbone.2.weight", hidden * hidden - 1, 1000);
  set("backbone.2.weight", hidden * hidden - 2, 1000);
  set("backbone.2.bias", hidden - 2, -2000);
  set("backbone.4.weight", 2 * hidden - 1, speed);
  set("backbone.4.weight", 2 * hidden - 3, -speed);
  return flat;
}

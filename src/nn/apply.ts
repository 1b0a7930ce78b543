import * as tf from "@tensorflow/tfjs";
import type { Tensor, Tensor2D } from "../core/tensors.ts";
import type { Network, VelocityInputs } from "./network.ts";

/**
 * The velocity of a network at points x and times t, differentiable in `parameters` and `x`.
 *
 * @param parameters In the layout's order, each of its device shape.
 * @param x [n, rowWidth]; images are rows of height * width * channels, NHWC flattened.
 * @returns Like x.
 * @throws {RangeError} If x and t differ in their number of rows, x's rows are not the network's,
 *   or the network's answer is not of x's shape.
 */
export function applyNetwork(
  network: Network,
  parameters: readonly Tensor[],
  x: Tensor2D,
  at: VelocityInputs,
): Tensor2D {
  const [rows, width] = x.shape;
  const { kind, rowWidth } = network;
  if (rows !== at.t.length || width !== rowWidth) {
    throw new RangeError(
      `${kind}: expected x of shape [${at.t.length}, ${rowWidth}] for ` +
        `${at.t.length} times, got [${x.shape}]`,
    );
  }
  const velocity = network.apply(parameters, x, at);
  if (velocity.shape[0] !== rows || velocity.shape[1] !== width || velocity.shape.length > 2) {
    throw new RangeError(
      `${kind}: apply() has to give a velocity of x's shape [${x.shape}], got [${velocity.shape}]`,
    );
  }
  // The caller disposes the answer, and x is not its own.
  return velocity === x ? tf.clone(x) : velocity;
}

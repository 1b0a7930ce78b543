import * as tf from "../core/tfjs/library.ts";
import type { Tensor, Tensor1D, Tensor2D } from "../core/tensors.ts";
import type { Network, VelocityInputs } from "./network.ts";

/**
 * The velocity of a network at points x and times t, differentiable in `parameters` and `x`.
 *
 * @param parameters In layout order, each with its device shape.
 * @param x [n, rowWidth]; images are rows of height * width * channels, NHWC flattened.
 * @returns Velocities with x's shape.
 * @throws {RangeError} If x and t differ in their number of rows, x's rows are not of the network's
 *   width, or the network returns another shape or other numbers than float32.
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
  return checked(network, network.apply(parameters, x, at), x);
}

/**
 * `applyNetwork` at times [n] that only the device knows.
 *
 * @throws {RangeError} If the network takes its times from the host, or returns another shape.
 */
export function applyAtDeviceTimes(
  network: Network,
  parameters: readonly Tensor[],
  { x, t }: { readonly x: Tensor2D; readonly t: Tensor1D },
): Tensor2D {
  if (network.applyAtDeviceTimes === undefined) {
    throw new RangeError(`${network.kind}: it has no applyAtDeviceTimes()`);
  }
  return checked(network, network.applyAtDeviceTimes(parameters, x, t), x);
}

/** A network's result, as owned by the caller. */
function checked({ kind }: Network, velocity: Tensor2D, x: Tensor2D): Tensor2D {
  const [rows, width] = x.shape;
  if (!(velocity instanceof tf.Tensor)) {
    throw new RangeError(
      `${kind}: apply() must return a tensor of x's shape [${x.shape}], got ` +
        ((velocity as unknown) instanceof Promise ? "a promise" : typeof velocity),
    );
  }
  if (velocity.shape[0] !== rows || velocity.shape[1] !== width || velocity.shape.length > 2) {
    throw new RangeError(
      `${kind}: apply() must return a velocity of x's shape [${x.shape}], got [${velocity.shape}]`,
    );
  }
  if (velocity.dtype !== "float32") {
    throw new RangeError(`${kind}: apply() must return float32 numbers, got ${velocity.dtype}`);
  }
  // The caller disposes the result but still owns x.
  return velocity === x ? tf.clone(x) : velocity;
}

import { conditionalMlp } from "./conditional_mlp.ts";
import { type Network, rowWidth } from "./network.ts";
import { simpleResnet } from "./resnet.ts";
import { unet } from "./unet.ts";
import type { Tensor, Tensor2D } from "../core/tensors.ts";

/**
 * The velocity of a network at points x and times t, differentiable in `tensors` and `x`.
 *
 * @param tensors The parameters in the layout's order, each of its device shape.
 * @param x [n, dims]; images are rows of height * width * channels, NHWC flattened.
 * @param t [n], one time a row; any finite numbers.
 * @returns Like x.
 * @throws {RangeError} If x and t differ in their number of rows, or x's rows are not the network's.
 */
export function applyNetwork(
  network: Network,
  tensors: readonly Tensor[],
  x: Tensor2D,
  t: ArrayLike<number>,
): Tensor2D {
  const [rows, width] = x.shape;
  if (rows !== t.length || width !== rowWidth(network)) {
    throw new RangeError(
      `${network.kind}: expected x of shape [${t.length}, ${rowWidth(network)}] for ` +
        `${t.length} times, got [${x.shape}]`,
    );
  }
  switch (network.kind) {
    case "mlp":
      return conditionalMlp(network, tensors, x, t);
    case "resnet":
      return simpleResnet(network, tensors, x, t);
    case "unet":
      return unet(network, tensors, x, t);
    default:
      return network satisfies never;
  }
}

import type { ActivationNumbers, Network } from "./network.ts";

/** Bytes of activations that are evaluated together at most. */
export const MOST_EVALUATION_BYTES = 2 ** 30;

/**
 * How much memory a row takes, from the network's sizes alone: what decides where a batch is cut
 * has to be the same on every machine, or its bits would not be. A network without counts of its
 * own gets an estimate from its layout.
 */
export function activationNumbers(network: Network): ActivationNumbers {
  return network.activations ?? estimate(network);
}

/**
 * Tensors as large as a layer's output that a layer has while it is evaluated and while it is
 * differentiated: the ConditionalMLP has up to 3 and 5, the U-Net's convolutions and norms 2 and 4.
 */
const TENSORS_PER_LAYER = { evaluation: 8, training: 16 } as const;
/** Tensors as large as the input: noise, data, their mean, velocities and differences. */
const TENSORS_OF_ROWS = 16;

/**
 * As if every convolution were at the image's full size and every tensor held to the end: more than
 * networks of plain layers take.
 */
function estimate({ layout, image, rowWidth }: Network): ActivationNumbers {
  const pixels = image === undefined ? 1 : image.height * image.width;
  let outputs = 0;
  for (const { deviceShape } of layout.entries) {
    // Biases and scales have one axis; their layer's weight counts.
    if (deviceShape.length < 2) continue;
    outputs += deviceShape.at(-1)! * (deviceShape.length > 2 ? pixels : 1);
  }
  return {
    evaluation: TENSORS_PER_LAYER.evaluation * outputs + TENSORS_OF_ROWS * rowWidth,
    training: TENSORS_PER_LAYER.training * outputs + TENSORS_OF_ROWS * rowWidth,
  };
}

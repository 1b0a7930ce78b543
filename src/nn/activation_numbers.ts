import type { ActivationNumbers, Network } from "./network.ts";

/** Image-sized tensors of the loss of flow matching: noise, data, their mean, velocities and differences. */
export const LOSS_IMAGES = 8;

/** Limit on the activation memory of one evaluation, in bytes. */
export const MAX_EVALUATION_BYTES = 2 ** 30;

/**
 * Activation memory per row, from the network's sizes alone: it decides where a batch is split, and
 * so has to be the same on every machine for its bits to be. Networks that do not specify it get an
 * estimate from their layout.
 */
export function activationNumbers(network: Network): ActivationNumbers {
  return network.activations ?? estimate(network);
}

/**
 * Tensors the size of a layer's output that a layer holds during evaluation and differentiation:
 * the ConditionalMLP has up to 3 and 5, the U-Net's convolutions and norms 2 and 4.
 */
const TENSORS_PER_LAYER = { evaluation: 8, training: 16 } as const;
/** Tensors the size of the input: noise, data, their mean, velocities and differences. */
const TENSORS_OF_ROWS = 16;

/**
 * Assumes that every convolution runs at full image size and that nothing is freed before the end:
 * an overestimate for networks of plain layers.
 */
function estimate({ layout, image, rowWidth }: Network): ActivationNumbers {
  const pixels = image === undefined ? 1 : image.height * image.width;
  let outputs = 0;
  for (const { deviceShape } of layout.entries) {
    // Skip biases and scales (one axis): their layer's weight represents them.
    if (deviceShape.length < 2) continue;
    outputs += deviceShape.at(-1)! * (deviceShape.length > 2 ? pixels : 1);
  }
  return {
    evaluation: TENSORS_PER_LAYER.evaluation * outputs + TENSORS_OF_ROWS * rowWidth,
    training: TENSORS_PER_LAYER.training * outputs + TENSORS_OF_ROWS * rowWidth,
  };
}

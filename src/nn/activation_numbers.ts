import type { Network, ResnetNetwork, UnetNetwork } from "./network.ts";

/** Bytes of activations that are evaluated together at most. */
export const MOST_EVALUATION_BYTES = 2 ** 30;

/** Numbers, of float32, that tensors of a network hold for each of its rows. */
export interface ActivationNumbers {
  /** Where the network is only evaluated. */
  readonly evaluation: number;
  /** Where a loss is differentiated, if nothing were given back before the end. */
  readonly training: number;
}

/**
 * How much memory a row takes, from the network's sizes alone: what decides where a batch is cut
 * has to be the same on every machine, or its bits would not be. Counted from what the networks
 * compute, layer for layer; tests compare it with what is allocated.
 */
export function activationNumbers(network: Network): ActivationNumbers {
  switch (network.kind) {
    case "mlp": {
      const { dims, hidden } = network;
      return {
        evaluation: 8 * hidden + dims,
        // The largest is the backward pass's end, or for many dimensions its beginning.
        training: Math.max(15 * hidden + 8 * dims, 12 * hidden + 9.5 * dims),
      };
    }
    case "resnet":
      return ofResnet(network);
    case "unet":
      return ofUnet(network);
    default:
      return network satisfies never;
  }
}

/** Images that the loss is made of: noise, data, their mean, velocities and differences. */
const LOSS_IMAGES = 8;

function ofResnet({ height, width, channels, filters, blocks }: ResnetNetwork): ActivationNumbers {
  const pixels = height * width;
  // A block is one operation where channels are vectors (ops/resnet_block/cpu.ts);
  // elsewhere it is three convolutions, whose ReLUs and products have cotangents of their own.
  const isFused = filters % 4 === 0 && filters >= 8;
  return {
    evaluation: pixels * ((blocks + (isFused ? 1 : 3)) * filters + 2 * channels),
    training: pixels * (((isFused ? 4 : 9) * blocks + 3) * filters + LOSS_IMAGES * channels),
  };
}

/**
 * What the layers of a UNet make, as multiples of filters x pixels (src/nn/unet.ts): the first
 * convolution 1, the residual blocks 4, 2.25, 0.5, 0.5, 3 and 6, halving and doubling 1.875, the
 * joins 3, the narrowing 0.25, the last norm 1.
 */
const UNET_FORWARD = 23.375;
/** Their cotangents: as much, but for the first convolution's input and what is added up in place. */
const UNET_BACKWARD = 22.125;

function ofUnet({ height, width, channels, filters }: UnetNetwork): ActivationNumbers {
  // Sides are padded to multiples of four.
  const pixels = 16 * Math.ceil(height / 4) * Math.ceil(width / 4);
  return {
    evaluation: pixels * (UNET_FORWARD * filters + 2 * channels),
    training: pixels * ((UNET_FORWARD + UNET_BACKWARD) * filters + LOSS_IMAGES * channels),
  };
}

import { LOSS_IMAGES } from "../activation_numbers.ts";
import type { ActivationNumbers, ImageShape, Network } from "../network.ts";
import type { NetworkKind } from "../network_kind.ts";
import { option } from "../../core/options/spelling.ts";
import { requireRoom } from "../room.ts";
import { requireSizes } from "../size_rule.ts";
import { frequencyBuffer } from "../time_embedding.ts";
import { unetLayout } from "./layout.ts";
import { type UnetSizes, unetSizes } from "./sizes.ts";
import { unet } from "./unet.ts";

/** A UNet over images of any size. */
export interface UnetNetwork extends Network {
  /** Discriminates the network. */
  readonly kind: "unet";
  /** Image size and network sizes. */
  readonly sizes: UnetSizes;
  /** Image size. */
  readonly image: ImageShape;
}

/**
 * Makes a UNet.
 *
 * @throws {InputError} If a size is invalid or the network does not fit in memory.
 */
export function unetNetwork(given: UnetSizes): UnetNetwork {
  const sizes = requireSizes(unetSizes.sizes, given);
  const { height, width, channels, filters } = sizes;
  const layout = unetLayout(sizes);
  const network: UnetNetwork = {
    kind: "unet",
    rowWidth: height * width * channels,
    layout,
    apply: (parameters, x, { t }) => unet({ sizes, layout }, parameters, x, t),
    applyAtDeviceTimes: (parameters, x, t) => unet({ sizes, layout }, parameters, x, t),
    sizes,
    image: { height, width, channels },
    activations: activationsOf(sizes),
    buffers: [frequencyBuffer("time.0.freqs", filters)],
    description: `a UNet of ${filters} filters`,
  };
  requireRoom(network, {
    weights: `fewer ${option("filters")}`,
    activations: `fewer ${option("filters")}, or smaller images`,
  });
  return network;
}

/**
 * Sizes of the layer outputs as multiples of filters x pixels: the first convolution 1, residual
 * blocks 4, 2.25, 0.5, 0.5, 3 and 6, down- and upsampling 1.875, concatenations 3, narrowing 0.25,
 * the last norm 1.
 */
const FORWARD = 23.375;
/** Their cotangents: the same, except for the first convolution's input and in-place sums. */
const BACKWARD = 22.125;

function activationsOf({ height, width, channels, filters }: UnetSizes): ActivationNumbers {
  // Sides are padded to multiples of four.
  const pixels = 16 * Math.ceil(height / 4) * Math.ceil(width / 4);
  return {
    evaluation: pixels * (FORWARD * filters + 2 * channels),
    training: pixels * ((FORWARD + BACKWARD) * filters + LOSS_IMAGES * channels),
  };
}

/** Makes a UNet from a record and recognises one in a state_dict. */
export const unetKind: NetworkKind = {
  kind: "unet",
  create: (sizes) => unetNetwork(sizes as UnetSizes),
  stateDict: {
    mark: "a UNet (first.weight [filters, channels, 3, 3])",
    sizes({ shapeOf, image }) {
      const first = shapeOf("first.weight", 4);
      if (first === null) return null;
      const [filters, channels] = first;
      return { ...image, channels, filters };
    },
  },
};

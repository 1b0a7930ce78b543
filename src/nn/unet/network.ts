import type { ActivationNumbers, ImageShape, Network } from "../network.ts";
import type { NetworkKind } from "../network_kind.ts";
import { requireRoom } from "../room.ts";
import { requireSizes } from "../size_rule.ts";
import { frequencyBuffer } from "../time_embedding.ts";
import { unetLayout } from "./layout.ts";
import { type UnetSizes, unetSizes } from "./sizes.ts";
import { unet } from "./unet.ts";

/** A UNet over images of any size. */
export interface UnetNetwork extends Network {
  /** Says which network it is. */
  readonly kind: "unet";
  /** Those of the images, and its own. */
  readonly sizes: UnetSizes;
  /** The size of the images. */
  readonly image: ImageShape;
}

/**
 * The UNet of some sizes.
 *
 * @throws {InputError} If a size is not one that it takes, or no memory has room for it.
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
    sizes,
    image: { height, width, channels },
    activations: activationsOf(sizes),
    buffers: [frequencyBuffer("time.0.freqs", filters)],
    description: `a UNet of ${filters} filters`,
  };
  requireRoom(network, {
    weights: "a smaller filters",
    activations: "fewer filters, or smaller images",
  });
  return network;
}

/** Images that the loss is made of: noise, data, their mean, velocities and differences. */
const LOSS_IMAGES = 8;
/**
 * What the layers make, as multiples of filters x pixels: the first convolution 1, the residual
 * blocks 4, 2.25, 0.5, 0.5, 3 and 6, halving and doubling 1.875, the joins 3, the narrowing 0.25,
 * the last norm 1.
 */
const FORWARD = 23.375;
/** Their cotangents: as much, but for the first convolution's input and what is added up in place. */
const BACKWARD = 22.125;

function activationsOf({ height, width, channels, filters }: UnetSizes): ActivationNumbers {
  // Sides are padded to multiples of four.
  const pixels = 16 * Math.ceil(height / 4) * Math.ceil(width / 4);
  return {
    evaluation: pixels * (FORWARD * filters + 2 * channels),
    training: pixels * ((FORWARD + BACKWARD) * filters + LOSS_IMAGES * channels),
  };
}

/** How a UNet is made from a record or recognised in a state_dict. */
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

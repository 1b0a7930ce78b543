import { LOSS_IMAGES } from "../activation_numbers.ts";
import type { ActivationNumbers, ImageShape, Network } from "../network.ts";
import type { NetworkKind } from "../network_kind.ts";
import { option } from "../../core/options/spelling.ts";
import { requireRoom } from "../room.ts";
import { requireSizes } from "../size_rule.ts";
import { frequencyBuffer } from "../time_embedding.ts";
import { resnetLayout } from "./layout.ts";
import { simpleResnet, simpleResnetSquaredError } from "./simple_resnet.ts";
import { type ResnetSizes, resnetSizes } from "./sizes.ts";

/** A ConditionedSimpleResnet over images. */
export interface ResnetNetwork extends Network {
  /** Discriminates the network. */
  readonly kind: "resnet";
  /** Image size and network sizes. */
  readonly sizes: ResnetSizes;
  /** Image size. */
  readonly image: ImageShape;
}

/**
 * Makes a ConditionedSimpleResnet.
 *
 * @throws {InputError} If a size is invalid or the network does not fit in memory.
 */
export function resnetNetwork(given: ResnetSizes): ResnetNetwork {
  const sizes = requireSizes(resnetSizes.sizes, given);
  const { height, width, channels, filters, blocks } = sizes;
  const network: ResnetNetwork = {
    kind: "resnet",
    rowWidth: height * width * channels,
    layout: resnetLayout(sizes),
    apply: (parameters, x, { t }) => simpleResnet(sizes, parameters, x, t),
    applyAtDeviceTimes: (parameters, x, t) => simpleResnet(sizes, parameters, x, t),
    squaredError: (parameters, x, { t }, target) =>
      simpleResnetSquaredError(sizes, parameters, { x, t, target }),
    sizes,
    image: { height, width, channels },
    activations: activationsOf(sizes),
    buffers: Array.from(
      { length: blocks },
      (_, block) => frequencyBuffer(`layers.${block}.embedding.freqs`, filters),
    ),
    description: `a ConditionedSimpleResnet of ${blocks} blocks with ${filters} filters`,
  };
  requireRoom(network, {
    weights: `fewer ${option("filters")}`,
    activations: `fewer ${option("filters")}, or smaller images`,
  });
  return network;
}

function activationsOf(
  { height, width, channels, filters, blocks }: ResnetSizes,
): ActivationNumbers {
  const pixels = height * width;
  // A block is fused into one operation if filters are a multiple of 4 (ops/resnet_block/cpu.ts);
  // otherwise it is three convolutions, whose ReLUs and products have separate cotangents.
  const isFused = filters % 4 === 0 && filters >= 8;
  return {
    evaluation: pixels * ((blocks + (isFused ? 1 : 3)) * filters + 2 * channels),
    training: pixels * (((isFused ? 4 : 9) * blocks + 3) * filters + LOSS_IMAGES * channels),
  };
}

/** Makes a ConditionedSimpleResnet from a record and recognises one in a state_dict. */
export const resnetKind: NetworkKind = {
  kind: "resnet",
  create: (sizes) => resnetNetwork(sizes as ResnetSizes),
  stateDict: {
    mark: "a ConditionedSimpleResnet (first_block.0.weight [filters, channels, 3, 3])",
    sizes({ shapeOf, image }) {
      const first = shapeOf("first_block.0.weight", 4);
      if (first === null) return null;
      const [filters, channels] = first;
      let blocks = 0;
      while (shapeOf(`layers.${blocks}.block.0.weight`, 4) !== null) blocks++;
      return { ...image, channels, filters, blocks };
    },
  },
};

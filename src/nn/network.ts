/** A ConditionalMLP over points. */
export interface MlpNetwork {
  /** Says which network it is. */
  readonly kind: "mlp";
  /** Dimension of the points. */
  readonly dims: number;
  /** Width; even, because of the time embedding. */
  readonly hidden: number;
}

/** A ConditionedSimpleResnet over images, NHWC. */
export interface ResnetNetwork {
  /** Says which network it is. */
  readonly kind: "resnet";
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** Of the image: 1 for grey values. */
  readonly channels: number;
  /** Even, because of the time embedding. */
  readonly filters: number;
  /** Residual blocks; each widens the receptive field by 2 pixels. */
  readonly blocks: number;
}

/** A UNet over images, NHWC, of any size. */
export interface UnetNetwork {
  /** Says which network it is. */
  readonly kind: "unet";
  /** Pixels. */
  readonly height: number;
  /** Pixels. */
  readonly width: number;
  /** Of the image: 1 for grey values. */
  readonly channels: number;
  /** At full size, twice as many at half and a quarter; a multiple of 4, the channels that are normalised together. */
  readonly filters: number;
}

/** A network over images. */
export type ImageNetwork = ResnetNetwork | UnetNetwork;

/** A velocity network as data: what it is, not its weights. */
export type Network = MlpNetwork | ImageNetwork;

/** Whether a network is one over images. */
export function isImageNetwork(network: Network): network is ImageNetwork {
  return network.kind !== "mlp";
}

/** Numbers in a row of the network's input and output. */
export function rowWidth(network: Network): number {
  switch (network.kind) {
    case "mlp":
      return network.dims;
    case "resnet":
    case "unet":
      return network.height * network.width * network.channels;
    default:
      return network satisfies never;
  }
}

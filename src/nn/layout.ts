import { mlpLayout } from "../kernels/mlp_field/contract.ts";
import { type LayerShape, layoutOf, type ParameterLayout } from "../kernels/parameters.ts";
import type { Network, ResnetNetwork } from "./network.ts";

/** The tensors of a network in PyTorch's names and order, one after the other. */
export function networkLayout(network: Network): ParameterLayout {
  switch (network.kind) {
    case "mlp":
      return mlpLayout(network);
    case "resnet":
      return layoutOf(resnetLayers(network));
    default:
      return network satisfies never;
  }
}

function resnetLayers({ channels, filters, blocks }: ResnetNetwork): LayerShape[] {
  const conv = (name: string, inputs: number, outputs: number, kernel: number): LayerShape => ({
    kind: "conv2d",
    name,
    inputs,
    outputs,
    kernel,
  });
  const layers = [conv("first_block.0", channels, filters, 3)];
  for (let block = 0; block < blocks; block++) {
    layers.push(
      conv(`layers.${block}.block.0`, filters, filters, 1),
      conv(`layers.${block}.block.2`, filters, filters, 3),
      conv(`layers.${block}.block.4`, filters, filters, 1),
    );
  }
  layers.push(conv("last_block.1", filters, channels, 3));
  return layers;
}

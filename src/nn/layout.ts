import { mlpLayout } from "../ops/mlp_field/contract.ts";
import { type LayerShape, layoutOf, type ParameterLayout } from "../core/parameters.ts";
import type { Network, ResnetNetwork, UnetNetwork } from "./network.ts";

/** The tensors of a network in PyTorch's names and order, one after the other. */
export function networkLayout(network: Network): ParameterLayout {
  switch (network.kind) {
    case "mlp":
      return mlpLayout(network);
    case "resnet":
      return layoutOf(resnetLayers(network));
    case "unet":
      return layoutOf(unetLayers(network));
    default:
      return network satisfies never;
  }
}

function resnetLayers({ channels, filters, blocks }: ResnetNetwork): LayerShape[] {
  const layers: LayerShape[] = [conv("first_block.0", [channels, filters], 3)];
  for (let block = 0; block < blocks; block++) {
    layers.push(
      conv(`layers.${block}.block.0`, [filters, filters], 1),
      conv(`layers.${block}.block.2`, [filters, filters], 3),
      conv(`layers.${block}.block.4`, [filters, filters], 1),
    );
  }
  layers.push(conv("last_block.1", [filters, channels], 3));
  return layers;
}

function unetLayers({ channels, filters }: UnetNetwork): LayerShape[] {
  const full = filters, half = 2 * filters, time = 2 * filters;
  const block = (name: string, [inputs, outputs]: Widths): LayerShape[] => [
    norm(`${name}.norm1`, inputs),
    conv(`${name}.conv1`, [inputs, outputs], 3),
    linear(`${name}.time`, [time, outputs]),
    norm(`${name}.norm2`, outputs),
    zero(conv(`${name}.conv2`, [outputs, outputs], 3)),
    ...(inputs === outputs ? [] : [conv(`${name}.skip`, [inputs, outputs], 1)]),
  ];
  return [
    linear("time.1", [filters, time]),
    conv("first", [channels, full], 3),
    ...block("down.0", [full, full]),
    ...block("down.1", [full, half]),
    ...block("middle.0", [half, half]),
    ...block("middle.1", [half, half]),
    ...block("up.0", [half + half, half]),
    conv("narrow", [half, full], 1),
    ...block("up.1", [full + full, full]),
    norm("last_norm", full),
    zero(conv("last", [full, channels], 3)),
  ];
}

type Widths = readonly [inputs: number, outputs: number];
type Convolution = Extract<LayerShape, { kind: "conv2d" }>;

function conv(name: string, [inputs, outputs]: Widths, kernel: number): Convolution {
  return { kind: "conv2d", name, inputs, outputs, kernel };
}

function linear(name: string, [inputs, outputs]: Widths): LayerShape {
  return { kind: "linear", name, inputs, outputs };
}

function norm(name: string, channels: number): LayerShape {
  return { kind: "norm", name, channels };
}

/** A fresh block is then its skip, and a fresh network zero everywhere: it learns faster. */
function zero(layer: Convolution): LayerShape {
  return { ...layer, startsAtZero: true };
}

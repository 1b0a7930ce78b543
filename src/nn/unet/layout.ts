import { type LayerShape, layoutOf, type ParameterLayout } from "../../core/parameters.ts";
import { conv, type Convolution, type Widths } from "../layers.ts";
import type { UnetSizes } from "./sizes.ts";

/** The tensors of a UNet, with the names and order of docs/unet.py. */
export function unetLayout(
  { channels, filters }: Pick<UnetSizes, "channels" | "filters">,
): ParameterLayout {
  const full = filters, half = 2 * filters, time = 2 * filters;
  const block = (name: string, [inputs, outputs]: Widths): LayerShape[] => [
    norm(`${name}.norm1`, inputs),
    conv(`${name}.conv1`, [inputs, outputs], 3),
    linear(`${name}.time`, [time, outputs]),
    norm(`${name}.norm2`, outputs),
    zero(conv(`${name}.conv2`, [outputs, outputs], 3)),
    ...(inputs === outputs ? [] : [conv(`${name}.skip`, [inputs, outputs], 1)]),
  ];
  return layoutOf([
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
  ]);
}

function linear(name: string, [inputs, outputs]: Widths): LayerShape {
  return { kind: "linear", name, inputs, outputs };
}

function norm(name: string, channels: number): LayerShape {
  return { kind: "norm", name, channels };
}

/** With zero initialisation a fresh block is its skip and a fresh network zero: it trains faster. */
function zero(layer: Convolution): LayerShape {
  return { ...layer, startsAtZero: true };
}

import type { LayerShape } from "../core/parameters.ts";

/** Inputs and outputs of a layer. */
export type Widths = readonly [inputs: number, outputs: number];

/** A convolution with bias. */
export type Convolution = Extract<LayerShape, { kind: "conv2d" }>;

/** A square convolution of `kernel` pixels per side. */
export function conv(name: string, [inputs, outputs]: Widths, kernel: number): Convolution {
  return { kind: "conv2d", name, inputs, outputs, kernel };
}

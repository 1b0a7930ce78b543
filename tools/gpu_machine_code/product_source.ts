import {
  filterGradientProgram,
  gatherProgram,
} from "../../src/backends/gpu/convolution/products.ts";
import { activations, biasKinds } from "../../src/ops/convolution/gpu/gather_wgsl.ts";
import type { ProgramSource } from "../../src/backends/gpu/programs.ts";
import type { Geometry } from "../../src/ops/convolution/geometry.ts";
import { gpuTiles } from "../../src/ops/convolution/gpu/tile_wgsl.ts";

/** Products of images: name, channels of the input and of the output. */
export const products = [
  ["convolution", 64, 64],
  ["input gradient", 64, 64],
  ["filter gradient", 64, 64],
  ["convolution", 1, 64],
  ["input gradient", 1, 64],
  ["filter gradient", 1, 64],
  ["convolution", 64, 1],
  ["input gradient", 64, 1],
  ["filter gradient", 64, 1],
] as const;

/**
 * Multiply-adds of a product per number of its images that is read or written, with a 3x3 filter: 288 of 64 to 64
 * channels, but 9 of 1 to 64, and of 64 to 1. Infinity for other names: solves stay in a workgroup's memory.
 */
export function multiplyAddsPerNumber(name: string, [inputs, outputs]: readonly number[]): number {
  if (!products.some(([product]) => product === name)) return Infinity;
  return 9 * inputs! * outputs! / (inputs! + outputs!);
}

/** The program of a product with a 3x3 filter; undefined for other names. */
export function productSource(
  name: string | undefined,
  inputs: number,
  outputs: number,
): ProgramSource | undefined {
  const geometry: Geometry = {
    ...{ input: [1, 8, 8, inputs], output: [1, 8, 8, outputs] },
    ...{ kernel: [3, 3], strides: [1, 1], pads: [1, 1] },
  };
  switch (name) {
    case "convolution":
      return gatherProgram(gpuTiles, "values", {
        geometry,
        epilogue: { bias: biasKinds.perImage, hasResidual: 1, activation: activations.relu },
      });
    case "input gradient":
      return gatherProgram(gpuTiles, "inputGradient", {
        geometry,
        epilogue: { bias: biasKinds.none, hasResidual: 0, activation: activations.mask },
      });
    case "filter gradient":
      return filterGradientProgram(gpuTiles, geometry);
  }
}

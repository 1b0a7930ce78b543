import { activations, biasKinds } from "../../../ops/convolution/gpu/gather_wgsl.ts";
import { gpuTiles, softwareTiles } from "../../../ops/convolution/gpu/tile_wgsl.ts";
import type { Geometry } from "../../../ops/convolution/geometry.ts";
import type { Gpu } from "../gpu.ts";
import { type DeviceLimits, programExcess } from "../limits.ts";
import { sizeOf } from "../programs.ts";
import { convolutionKernels } from "./kernels.ts";
import { matmulKernels } from "./matmul.ts";
import { filterGradientProgram, gatherProgram } from "./products.ts";
import { blockKernels } from "./resnet_block.ts";
import { sumKernels } from "./sums.ts";
import { replaceGpuKernel } from "../replace_gpu_kernel.ts";

/**
 * Registers convolutions, matrix products and the ResNet block with tfjs's backend of a GPU. A device with too
 * few bindings or too little workgroup memory keeps tfjs's kernels.
 *
 * @param device.isSoftware Whether the adapter is a software one.
 * @param device.gpu Called at each use.
 */
export function registerGpuConvolutions(
  backendName: string,
  { limits, gpu, isSoftware }: {
    readonly limits: DeviceLimits;
    readonly gpu: () => Gpu;
    readonly isSoftware: boolean;
  },
): void {
  const tiles = isSoftware ? softwareTiles : gpuTiles;
  const large: Geometry = {
    ...{ input: [1, 1, 1, 64], output: [1, 1, 1, 64] },
    ...{ kernel: [1, 1], strides: [1, 1], pads: [0, 0] },
  };
  const plain = { bias: biasKinds.none, hasResidual: 0, activation: activations.linear };
  const programs = [
    gatherProgram(tiles, "values", { geometry: large, epilogue: plain }),
    filterGradientProgram(tiles, large),
  ];
  if (programs.some((program) => programExcess(sizeOf(program), limits).length > 0)) return;
  const kernels = { ...convolutionKernels, ...blockKernels, ...matmulKernels, ...sumKernels };
  for (const [name, kernel] of Object.entries(kernels)) {
    replaceGpuKernel(backendName, name, (call) => kernel({ gpu: gpu(), tiles }, call as never));
  }
}

import type * as tf from "@tensorflow/tfjs";
import { GROUP_CHANNELS } from "../group_norm_silu.ts";
import { addressOf, type SimdKernels, withScratch } from "./simd_kernels.ts";
import type { KernelCall, WasmBackend } from "./wasm.ts";

type Inputs = Readonly<Record<"x" | "scale" | "offset", tf.TensorInfo>> & {
  readonly shift?: tf.TensorInfo;
};

/** What GroupNormSilu is called with. */
export interface GroupNormSiluCall extends KernelCall<"x" | "scale" | "offset", unknown> {
  readonly inputs: Inputs;
}

/** What GroupNormSiluGrad is called with. */
export interface GroupNormSiluGradCall extends KernelCall<"x" | "scale" | "offset", unknown> {
  readonly inputs: Inputs & Readonly<Record<"dy" | "mean" | "inverseStd", tf.TensorInfo>>;
}

/** GroupNormSilu in three passes over an image: y, mean and inverseStd (src/runtime/group_norm_silu.ts). */
export function groupNormSilu(
  simd: SimdKernels,
  { inputs: { x, scale, offset, shift }, backend }: GroupNormSiluCall,
): tf.TensorInfo[] {
  const { n, area, c } = sizesOf("GroupNormSilu", x);
  const groups = c / GROUP_CHANNELS;
  const y = backend.makeOutput(x.shape, "float32");
  const mean = backend.makeOutput([n, groups], "float32");
  const inverseStd = backend.makeOutput([n, groups], "float32");
  const at = addresses(backend);
  withScratch(backend, 16, (constants) =>
    simd.groupNormSilu(
      ...[n, area, c, at(x), at(scale), at(offset), at(shift)] as const,
      ...[at(y), at(mean), at(inverseStd), constants] as const,
    ));
  return [y, mean, inverseStd];
}

/** GroupNormSiluGrad in two passes over an image: dx, dScale, dOffset, dShift. */
export function groupNormSiluGradient(
  simd: SimdKernels,
  { inputs: { dy, x, scale, offset, shift, mean, inverseStd }, backend }: GroupNormSiluGradCall,
): tf.TensorInfo[] {
  const { n, area, c } = sizesOf("GroupNormSiluGrad", x);
  const dx = backend.makeOutput(x.shape, "float32");
  const dScale = backend.makeOutput([c], "float32");
  const dOffset = backend.makeOutput([c], "float32");
  const dShift = backend.makeOutput([n, c], "float32");
  const at = addresses(backend);
  withScratch(backend, 16, (constants) =>
    simd.groupNormSiluGradient(
      ...[n, area, c, at(dy), at(x), at(scale), at(offset), at(shift)] as const,
      ...[at(mean), at(inverseStd), at(dx), at(dScale), at(dOffset), at(dShift)] as const,
      constants,
    ));
  return [dx, dScale, dOffset, dShift];
}

function sizesOf(name: string, x: tf.TensorInfo): { n: number; area: number; c: number } {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (n * h * w * c === 0 || c % GROUP_CHANNELS !== 0) {
    throw new RangeError(
      `${name}: expected images of channels by ${GROUP_CHANNELS}s, got [${x.shape}]`,
    );
  }
  return { n, area: h * w, c };
}

/** Addresses of tensors; of one that is left out 0. */
function addresses(backend: WasmBackend): (tensor: tf.TensorInfo | undefined) => number {
  return (tensor) => tensor === undefined ? 0 : addressOf(backend, tensor);
}

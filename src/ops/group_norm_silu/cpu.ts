import type * as tf from "@tensorflow/tfjs";
import { GROUP_CHANNELS } from "./name.ts";
import { partsOfPass, ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import { type GroupNormSiluKernels, SCRATCH } from "./kernels.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { inParts } from "../elementwise/sum_parts.ts";
import { addressOf, type KernelCall, type WasmBackend } from "../../threads/wasm.ts";

/** Kernels used in this file. */
type Kernels = KernelThreads<GroupNormSiluKernels & ElementwiseKernels>;

const BYTES = Float32Array.BYTES_PER_ELEMENT;
/** Cost of one number, in multiply-adds. */
const WORK = 25;

type Inputs = Readonly<Record<"x" | "scale" | "offset", tf.TensorInfo>> & {
  readonly shift?: tf.TensorInfo;
};

/** Arguments of GroupNormSilu. */
export interface GroupNormSiluCall extends KernelCall<"x" | "scale" | "offset", unknown> {
  readonly inputs: Inputs;
}

/** Arguments of GroupNormSiluGrad. */
export interface GroupNormSiluGradCall extends KernelCall<"x" | "scale" | "offset", unknown> {
  readonly inputs: Inputs & Readonly<Record<"dy" | "mean" | "inverseStd", tf.TensorInfo>>;
}

/** GroupNormSilu in three passes over an image: y, mean and inverseStd (see name.ts). */
export function groupNormSilu(
  simd: Kernels,
  { inputs: { x, scale, offset, shift }, backend }: GroupNormSiluCall,
): tf.TensorInfo[] {
  const { n, area, c } = sizesOf("GroupNormSilu", x);
  const groups = c / GROUP_CHANNELS;
  const y = backend.makeOutput(x.shape, "float32");
  const mean = backend.makeOutput([n, groups], "float32");
  const inverseStd = backend.makeOutput([n, groups], "float32");
  const at = addresses(backend);
  const image = area * c * BYTES;
  simd.runWithScratch(
    "groupNormSilu",
    SCRATCH,
    ranges(n, simd.pieces(WORK * n * area * c)).map(({ first, count }) => [
      ...[count, area, c, at(x) + first * image, at(scale), at(offset)] as const,
      ...[shift === undefined ? 0 : at(shift) + first * c * BYTES, at(y) + first * image] as const,
      ...[at(mean) + first * groups * BYTES, at(inverseStd) + first * groups * BYTES] as const,
    ]),
  );
  return [y, mean, inverseStd];
}

/** GroupNormSiluGrad in two passes over an image: dx, dScale, dOffset, dShift. */
export function groupNormSiluGradient(
  simd: Kernels,
  { inputs: { dy, x, scale, offset, shift, mean, inverseStd }, backend }: GroupNormSiluGradCall,
): tf.TensorInfo[] {
  const { n, area, c } = sizesOf("GroupNormSiluGrad", x);
  const dx = backend.makeOutput(x.shape, "float32");
  const dScale = backend.makeOutput([c], "float32");
  const dOffset = backend.makeOutput([c], "float32");
  const dShift = backend.makeOutput([n, c], "float32");
  const at = addresses(backend);
  const image = area * c * BYTES, groups = c / GROUP_CHANNELS;
  const parts = ranges(n, partsOfPass(n, WORK * n * area * c));
  const add = (partOfScale: (part: number) => number, partOfOffset: (part: number) => number) =>
    simd.runWithScratch(
      "groupNormSiluGradient",
      SCRATCH,
      parts.map(({ first, count }, part) => [
        ...[count, area, c, at(dy) + first * image, at(x) + first * image] as const,
        ...[at(scale), at(offset)] as const,
        ...[shift === undefined ? 0 : at(shift) + first * c * BYTES] as const,
        ...[at(mean) + first * groups * BYTES, at(inverseStd) + first * groups * BYTES] as const,
        ...[at(dx) + first * image, partOfScale(part), partOfOffset(part)] as const,
        ...[at(dShift) + first * c * BYTES] as const,
      ]),
    );
  const sizes = { count: parts.length, size: c };
  inParts(simd, { ...sizes, out: at(dScale) }, (partOfScale) =>
    inParts(
      simd,
      { ...sizes, out: at(dOffset) },
      (partOfOffset) => add(partOfScale, partOfOffset),
    ));
  return [dx, dScale, dOffset, dShift];
}

function sizesOf(name: string, x: tf.TensorInfo): { n: number; area: number; c: number } {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  if (n * h * w * c === 0 || c % GROUP_CHANNELS !== 0) {
    throw new RangeError(
      `${name}: expected images with channels in groups of ${GROUP_CHANNELS}, got [${x.shape}]`,
    );
  }
  return { n, area: h * w, c };
}

/** Function from tensors to addresses; 0 for an omitted one. */
function addresses(backend: WasmBackend): (tensor: tf.TensorInfo | undefined) => number {
  return (tensor) => tensor === undefined ? 0 : addressOf(backend, tensor);
}

import type { KernelThreads } from "../../threads/kernel_threads.ts";
import { shifted } from "./places.ts";
import type { Argument, KernelCall } from "../../threads/thread_pool.ts";
import type { ConvolutionKernels } from "../convolution/kernels.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import type { MatmulKernels } from "../matmul/kernels.ts";
import type { Images } from "./portions.ts";

/** Kernels of a ResNet block. */
export type BlockKernels = KernelThreads<ConvolutionKernels & MatmulKernels & ElementwiseKernels>;

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** Addresses of a block's operands for some images; see `resnetBlockKernels`. */
export interface BlockOperands {
  readonly x: Argument;
  readonly filter1: number;
  /** [n, c]. */
  readonly bias1: number;
  /** The second filter, transformed. */
  readonly u: number;
  readonly bias2: number;
  readonly filter3: number;
  readonly bias3: number;
  readonly a1: Argument;
  readonly a2: Argument;
  /** May be x. */
  readonly y: Argument;
}

/** Scratch size in numbers of {@link blockCalls}. */
export function blockScratch({ kernels }: BlockKernels, c: number): number {
  return Math.max(kernels.gemmScratch(c, c), kernels.winogradScratch(c, c));
}

/** The block's calls for some images. */
export function blockCalls(
  simd: BlockKernels,
  [n, h, w, c]: Images,
  { x, a1, a2, y, ...at }: BlockOperands,
  { relu, scratch }: { readonly relu: boolean; readonly scratch: Argument },
): KernelCall[] {
  const { wide } = simd, pixels = h * w, image = pixels * c * BYTES;
  const { filter1, filter3, bias2, bias3, u } = at;
  const calls: KernelCall[] = [];
  // A bias per image is applied image by image.
  for (let i = 0; i < n; i++) {
    const from = shifted(x, i * image), to = shifted(a1, i * image);
    const bias = at.bias1 + i * c * BYTES;
    calls.push(
      simd.call("gemm", wide, 0, 0, pixels, c, c, from, filter1, bias, 0, 1, to, scratch),
    );
  }
  const all = n * pixels, last = Number(relu);
  calls.push(
    simd.call("winograd", wide, n, h, w, c, c, a1, u, bias2, 0, 1, a2, scratch),
    simd.call("gemm", wide, 0, 0, all, c, c, a2, filter3, bias3, x, last, y, scratch),
  );
  return calls;
}

/** The gradients of a block that are sums over the batch; that of the first bias is per image. */
export type SummedGradient = "filter1" | "filter2" | "bias2" | "filter3" | "bias3";

/** Addresses of the operands of a block's VJP for some images. */
export interface BlockGradientOperands {
  readonly dy: Argument;
  readonly x: Argument;
  readonly a1: Argument;
  readonly a2: Argument;
  /** Only if y went through ReLU. */
  readonly y?: Argument;
  readonly filter1: number;
  /** The second filter, turned and transformed. */
  readonly u: number;
  readonly filter3: number;
  /** The cotangent of y before ReLU, if there is one; may be dy. */
  readonly masked: Argument;
  /** Memory of a1's and a2's size. */
  readonly d1: Argument;
  readonly d2: Argument;
  /** May be `masked`. */
  readonly dx: Argument;
  /** [n, c]. */
  readonly dBias1: number;
  /** Sums over these images. */
  readonly sums: Readonly<Record<SummedGradient, number>>;
}

/** Scratch size in numbers of {@link blockGradientCalls}, for at most `n` images per call. */
export function blockGradientScratch({ kernels }: BlockKernels, [n, h, w, c]: Images): number {
  return Math.max(
    ...[kernels.gemmScratch(c, c), kernels.gemmScratch(c, n * h * w), 3 * c] as const,
    kernels.winogradScratch(c, c),
  );
}

/** The calls of the block's VJP for some images. */
export function blockGradientCalls(
  simd: BlockKernels,
  [n, h, w, c]: Images,
  { dy, x, a1, a2, y, filter1, u, filter3, d1, d2, dx, dBias1, sums, ...at }: BlockGradientOperands,
  scratch: Argument,
): KernelCall[] {
  const { wide } = simd, pixels = n * h * w;
  const cotangent = y === undefined ? dy : at.masked;
  /** Filter gradient of a 1x1 convolution, [c, c]. */
  const filterGradient = (x: Argument, d: Argument, to: number) =>
    simd.call("gemm", wide, 1, 0, c, c, pixels, x, d, 0, 0, 0, to, scratch);
  /** Input gradient of a 1x1 convolution. */
  const inputGradient = (d: Argument, filter: number, residual: Argument, to: Argument) =>
    simd.call("gemm", wide, 0, 1, pixels, c, c, d, filter, 0, residual, 0, to, scratch);
  const masked = (
    images: number,
    count: number,
    d: Argument,
    y: Argument,
    to: Argument,
    sums: number,
  ) => simd.call("reluGradient", images, count, c, d, y, to, sums, scratch);
  return [
    y === undefined
      ? simd.call("sumMiddle", 1, pixels, c, 1, dy, sums.bias3, scratch)
      : masked(1, pixels, dy, y, cotangent, sums.bias3),
    filterGradient(a2, cotangent, sums.filter3),
    inputGradient(cotangent, filter3, 0, d2),
    masked(1, pixels, d2, a2, d2, sums.bias2),
    simd.call("winogradFilterGradient", wide, n, h, w, c, c, a1, d2, sums.filter2, scratch),
    simd.call("winograd", wide, n, h, w, c, c, d2, u, 0, 0, 0, d1, scratch),
    masked(n, h * w, d1, a1, d1, dBias1),
    filterGradient(x, d1, sums.filter1),
    inputGradient(d1, filter1, cotangent, dx),
  ];
}

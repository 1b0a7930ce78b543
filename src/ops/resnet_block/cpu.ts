import * as tf from "../../core/tfjs/library.ts";
import type { Argument, KernelCall, OwnAddress } from "../../threads/thread_pool.ts";
import { type Range, ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ConvolutionKernels } from "../convolution/kernels.ts";
import type { MatmulKernels } from "../matmul/kernels.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import { addressOf, type KernelCall as TensorCall, withScratch } from "../../threads/wasm.ts";
import { withWinogradFilter } from "../convolution/winograd_filter.ts";

/** Kernels used in this file. */
type Kernels = KernelThreads<ConvolutionKernels & MatmulKernels & ElementwiseKernels>;

/**
 * tfjs names of Fluxion kernels for a ResNet block,
 *
 *   a1 = relu(conv 1x1(x) + bias1),  a2 = relu(conv 3x3(a1) + bias2),
 *   y = x + conv 1x1(a2) + bias3, through ReLU if requested,
 *
 * and its VJP. One thread takes several images through the whole block, so that each layer's output
 * is still in its cache for the next one; tensors of a whole batch would not be.
 */
export const resnetBlockKernels = {
  value: "FluxionResnetBlock",
  gradient: "FluxionResnetBlockGrad",
} as const;

type Shape4D = [number, number, number, number];
type Filters = "filter1" | "filter2" | "filter3";

/**
 * Arguments of the block: x [n, h, w, c], filters [1, 1, c, c] and [3, 3, c, c], bias1 [n, c],
 * other biases [c]. Returns y, and also a1 and a2 if they are to be kept.
 */
export type ResnetBlockCall = TensorCall<
  "x" | Filters | "bias1" | "bias2" | "bias3",
  { readonly relu: boolean; readonly keep: boolean }
>;

/**
 * Arguments of the VJP; y only if it went through ReLU. Returns the cotangents of x, filter1,
 * bias1, filter2, bias2, filter3, bias3.
 */
export interface ResnetBlockGradCall
  extends TensorCall<"dy" | "x" | "a1" | "a2" | Filters, Record<never, never>> {
  readonly inputs: TensorCall<"dy" | "x" | "a1" | "a2" | Filters, never>["inputs"] & {
    readonly y?: tf.TensorInfo;
  };
}

/** Whether the kernels support this number of channels: Winograd's convolution must. */
export function supportsResnetBlock(channels: number): boolean {
  return channels % 4 === 0 && channels >= 8;
}

/** Bytes per tensor of the images processed together: a few such tensors fit a core's caches. */
const PORTION_BYTES = 400_000;
/** Minimum number of portions, given enough images, to share among threads. */
const MIN_PORTIONS = 8;
const BYTES = Float32Array.BYTES_PER_ELEMENT;

/**
 * Splits a batch into portions of images processed together. The split depends on the sizes only,
 * because it determines the order of sums over the batch.
 *
 * @throws {RangeError} If there are no images.
 */
function portions([n, h, w, c]: Shape4D): Range[] {
  if (n * h * w === 0) {
    throw new RangeError(`${resnetBlockKernels.value}: expected images, got [${[n, h, w, c]}]`);
  }
  const most = Math.max(1, Math.floor(PORTION_BYTES / (BYTES * h * w * c)));
  return ranges(n, Math.max(MIN_PORTIONS, Math.ceil(n / most)));
}

/**
 * The block; see {@link resnetBlockKernels}.
 *
 * @throws {RangeError} If there are no images.
 */
export function resnetBlock(
  simd: Kernels,
  { inputs, attrs: { relu, keep }, backend }: ResnetBlockCall,
): tf.TensorInfo[] {
  const shape = inputs.x.shape as Shape4D;
  const [, h, w, c] = shape;
  const parts = portions(shape), image = h * w * c * BYTES;
  const outputs = Array.from({ length: keep ? 3 : 1 }, () => backend.makeOutput(shape, "float32"));
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const [y, a1, a2] = outputs.map(at);
  const [x, bias1] = [at(inputs.x), at(inputs.bias1)];
  const own = new OwnMemory(
    Math.max(simd.kernels.gemmScratch(c, c), simd.kernels.winogradScratch(c, c)),
  );
  const [own1, own2] = keep ? [] : [0, 0].map(() => own.take(parts.at(-1)!.count * image));
  const { wide } = simd;
  withWinogradFilter(simd, backend, { at: at(inputs.filter2), turn: 0, cin: c, cout: c }, (u) => {
    const chains = parts.map(({ first, count }) => {
      const start = first * image;
      const to1 = own1 ?? a1! + start, to2 = own2 ?? a2! + start;
      const pointwise = ({ images, from, filter, bias, residual, positive, to }: {
        readonly images: number;
        readonly from: Argument;
        readonly filter: tf.TensorInfo;
        readonly bias: number;
        readonly residual: number;
        readonly positive: boolean;
        readonly to: Argument;
      }) =>
        simd.call(
          ...["gemm", wide, 0, 0, images * h * w, c, c, from, at(filter), bias, residual] as const,
          ...[Number(positive), to, own.scratch] as const,
        );
      return [
        ...Array.from({ length: count }, (_, i) =>
          pointwise({
            images: 1,
            from: x + start + i * image,
            filter: inputs.filter1,
            bias: bias1 + (first + i) * c * BYTES,
            residual: 0,
            positive: true,
            to: shifted(to1, i * image),
          })),
        simd.call(
          ...["winograd", wide, count, h, w, c, c, to1, u, at(inputs.bias2), 0, 1, to2] as const,
          own.scratch,
        ),
        pointwise({
          images: count,
          from: to2,
          filter: inputs.filter3,
          bias: at(inputs.bias3),
          residual: x + start,
          positive: relu,
          to: y! + start,
        }),
      ];
    });
    simd.runChains(chains, own.numbers);
  });
  return outputs;
}

/**
 * VJP of the block; see {@link resnetBlockKernels}.
 *
 * @throws {RangeError} If there are no images.
 */
export function resnetBlockGradient(
  simd: Kernels,
  { inputs, backend }: ResnetBlockGradCall,
): tf.TensorInfo[] {
  const shape = inputs.x.shape as Shape4D;
  const [n, h, w, c] = shape;
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const parts = portions(shape), image = h * w * c * BYTES;
  const make = (...shape: number[]) => backend.makeOutput(shape, "float32");
  const [dx, dBias1] = [make(...shape), make(n, c)];
  const partial = new Places();
  /** A sum over the batch, and the addresses of its consecutive parts. */
  const sumOf = (...shape: number[]) => {
    const out = make(...shape), size = tf.util.sizeFromShape(shape);
    return { out, size, place: partial.take(parts.length * size * BYTES) };
  };
  const sums = {
    filter1: sumOf(1, 1, c, c),
    filter2: sumOf(3, 3, c, c),
    bias2: sumOf(c),
    filter3: sumOf(1, 1, c, c),
    bias3: sumOf(c),
  };
  const { kernels, wide } = simd;
  const pixelsOf = (images: number) => images * h * w;
  const most = parts.at(-1)!.count;
  const own = new OwnMemory(Math.max(
    ...[kernels.gemmScratch(c, c), kernels.gemmScratch(c, pixelsOf(most)), 3 * c] as const,
    ...[kernels.winogradScratch(c, c), 2 * 9 * c * c] as const,
  ));
  const [d1, d2] = [own.take(most * image), own.take(most * image)] as const;
  const d3 = inputs.y === undefined ? null : own.take(most * image);
  withScratch(backend, partial.numbers, (begin) => {
    const partAt = (name: keyof typeof sums, part: number) =>
      begin + sums[name].place + part * sums[name].size * BYTES;
    const chainOf = (u: number) => ({ first, count }: Range, part: number): KernelCall[] => {
      const start = first * image, pixels = pixelsOf(count);
      const dy = at(inputs.dy) + start, a1 = at(inputs.a1) + start, a2 = at(inputs.a2) + start;
      const cotangent = d3 ?? dy;
      /** Filter gradient of a 1x1 convolution, [c, c]. */
      const filterGradient = (x: number, d: Argument, to: number) =>
        simd.call("gemm", wide, 1, 0, c, c, pixels, x, d, 0, 0, 0, to, own.scratch);
      /** Input gradient of a 1x1 convolution. */
      const inputGradient = (d: Argument, filter: number, residual: Argument, to: Argument) =>
        simd.call("gemm", wide, 0, 1, pixels, c, c, d, filter, 0, residual, 0, to, own.scratch);
      const masked = (
        images: number,
        count: number,
        d: Argument,
        y: number,
        to: Argument,
        sums: number,
      ) => simd.call("reluGradient", images, count, c, d, y, to, sums, own.scratch);
      const bias3 = partAt("bias3", part);
      return [
        d3 === null
          ? simd.call("sumMiddle", 1, pixels, c, 1, dy, bias3, own.scratch)
          : masked(1, pixels, dy, at(inputs.y!) + start, d3, bias3),
        filterGradient(a2, cotangent, partAt("filter3", part)),
        inputGradient(cotangent, at(inputs.filter3), 0, d2),
        masked(1, pixels, d2, a2, d2, partAt("bias2", part)),
        simd.call(
          ...["winogradFilterGradient", wide, count, h, w, c, c, a1, d2] as const,
          ...[partAt("filter2", part), own.scratch] as const,
        ),
        simd.call("winograd", wide, count, h, w, c, c, d2, u, 0, 0, 0, d1, own.scratch),
        masked(count, h * w, d1, a1, d1, at(dBias1) + first * c * BYTES),
        filterGradient(at(inputs.x) + start, d1, partAt("filter1", part)),
        inputGradient(d1, at(inputs.filter1), cotangent, at(dx) + start),
      ];
    };
    withWinogradFilter(
      ...[simd, backend, { at: at(inputs.filter2), turn: 1, cin: c, cout: c }] as const,
      (u) => simd.runChains(parts.map(chainOf(u)), own.numbers),
    );
    simd.runChains(
      Object.values(sums).map(({ out, size, place }) => [
        simd.call("sumMiddle", 1, parts.length, size, 1, begin + place, at(out), own.scratch),
      ]),
      own.numbers,
    );
  });
  const { filter1, filter2, bias2, filter3, bias3 } = sums;
  return [dx, filter1.out, dBias1, filter2.out, bias2.out, filter3.out, bias3.out];
}

/** Consecutive allocations in one memory, each aligned to cache lines. */
class Places {
  #bytes = 0;

  /** Allocates so many bytes and returns their offset. */
  take(bytes: number): number {
    const at = this.#bytes;
    this.#bytes += 64 * Math.ceil(bytes / 64);
    return at;
  }

  /** Total size of the allocations, in numbers. */
  get numbers(): number {
    return this.#bytes / BYTES;
  }
}

/** Allocations in a thread's private memory. */
class OwnMemory {
  /** Scratch of the kernels. */
  readonly scratch: OwnAddress;
  readonly #places = new Places();

  /** @param scratch Scratch size in numbers. */
  constructor(scratch: number) {
    this.scratch = this.take(scratch * BYTES);
  }

  take(bytes: number): OwnAddress {
    return { own: this.#places.take(bytes) };
  }

  get numbers(): number {
    return this.#places.numbers;
  }
}

function shifted(address: Argument, bytes: number): Argument {
  return typeof address === "number" ? address + bytes : { own: address.own + bytes };
}

import type * as tf from "../../core/tfjs/library.ts";
import { gradientsInOrder, PartialSums } from "./partial_sums.ts";
import { OwnMemory } from "./places.ts";
import { addressOf, type KernelCall as TensorCall, withScratch } from "../../threads/wasm.ts";
import { withWinogradFilter } from "../convolution/winograd_filter.ts";
import {
  blockCalls,
  blockGradientCalls,
  blockGradientScratch,
  type BlockKernels,
  blockScratch,
} from "./calls.ts";
import { portions } from "./portions.ts";

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

const BYTES = Float32Array.BYTES_PER_ELEMENT;

/** @throws {RangeError} If there are no images. */
function requireImages(shape: Shape4D): void {
  const [n, h, w] = shape;
  if (n * h * w > 0) return;
  throw new RangeError(`${resnetBlockKernels.value}: expected images, got [${shape}]`);
}

/**
 * The block; see {@link resnetBlockKernels}.
 *
 * @throws {RangeError} If there are no images.
 */
export function resnetBlock(
  simd: BlockKernels,
  { inputs, attrs: { relu, keep }, backend }: ResnetBlockCall,
): tf.TensorInfo[] {
  const shape = inputs.x.shape as Shape4D;
  requireImages(shape);
  const [, h, w, c] = shape;
  const parts = portions(shape), image = h * w * c * BYTES;
  const outputs = Array.from({ length: keep ? 3 : 1 }, () => backend.makeOutput(shape, "float32"));
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const [y, a1, a2] = outputs.map(at);
  const own = new OwnMemory(blockScratch(simd, c));
  const [own1, own2] = keep ? [] : [0, 0].map(() => own.take(parts.at(-1)!.count * image));
  withWinogradFilter(simd, backend, { at: at(inputs.filter2), turn: 0, cin: c, cout: c }, (u) => {
    const chains = parts.map(({ first, count }) => {
      const start = first * image;
      return blockCalls(simd, [count, h, w, c], {
        ...{ x: at(inputs.x) + start, a1: own1 ?? a1! + start, a2: own2 ?? a2! + start },
        ...{ y: y! + start, filter1: at(inputs.filter1), u, filter3: at(inputs.filter3) },
        bias1: at(inputs.bias1) + first * c * BYTES,
        ...{ bias2: at(inputs.bias2), bias3: at(inputs.bias3) },
      }, { relu, scratch: own.scratch });
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
  simd: BlockKernels,
  { inputs, backend }: ResnetBlockGradCall,
): tf.TensorInfo[] {
  const shape = inputs.x.shape as Shape4D;
  requireImages(shape);
  const [n, h, w, c] = shape;
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const parts = portions(shape), image = h * w * c * BYTES;
  const make = (...shape: number[]) => backend.makeOutput(shape, "float32");
  const [dx, dBias1] = [make(...shape), make(n, c)];
  const partial = new PartialSums(backend, parts.length), sums = partial.ofBlock(c);
  const most = parts.at(-1)!.count;
  const own = new OwnMemory(blockGradientScratch(simd, [most, h, w, c]));
  const [d1, d2] = [own.take(most * image), own.take(most * image)] as const;
  const d3 = inputs.y === undefined ? null : own.take(most * image);
  withScratch(backend, partial.numbers, (begin) => {
    withWinogradFilter(
      ...[simd, backend, { at: at(inputs.filter2), turn: 1, cin: c, cout: c }] as const,
      (u) => {
        const chains = parts.map(({ first, count }, part) => {
          const start = first * image;
          const dy = at(inputs.dy) + start;
          return blockGradientCalls(simd, [count, h, w, c], {
            ...{
              dy,
              x: at(inputs.x) + start,
              a1: at(inputs.a1) + start,
              a2: at(inputs.a2) + start,
            },
            ...(inputs.y === undefined ? {} : { y: at(inputs.y) + start }),
            ...{ filter1: at(inputs.filter1), u, filter3: at(inputs.filter3) },
            ...{ masked: d3 ?? dy, d1, d2, dx: at(dx) + start },
            dBias1: at(dBias1) + first * c * BYTES,
            sums: partial.partOf(sums, { begin, part }),
          }, own.scratch);
        });
        simd.runChains(chains, own.numbers);
      },
    );
    partial.addUp(simd, begin);
  });
  return [dx, ...gradientsInOrder(sums, dBias1)];
}

import * as tf from "../../core/tfjs/library.ts";
import { copyRuns } from "./copy_runs.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "./kernels.ts";
import { addressOf, callWasmKernel, type KernelCall } from "../../threads/wasm.ts";

/** Arguments of Slice. */
export type SliceCall = KernelCall<"x", { begin: number | number[]; size?: number | number[] }>;

/**
 * Slice of a tensor of any rank. tfjs's own first reads the whole source back: 2.6 ms for any part
 * of 7 MB.
 */
export function slice(simd: KernelThreads<ElementwiseKernels>, call: SliceCall): tf.TensorInfo {
  const { inputs: { x }, attrs, backend } = call;
  if (x.dtype !== "float32" || x.shape.length === 0) {
    return callWasmKernel(backend, "Slice", { x }, attrs);
  }
  const [begin, size] = tf.slice_util.parseSliceParams(
    x as tf.Tensor,
    attrs.begin,
    attrs.size,
  ) as [number[], number[]];
  tf.slice_util.assertParamsValid(x as tf.Tensor, begin, size);
  const out = backend.makeOutput(size, "float32");
  // Axes taken whole, and the first axis before them, are contiguous in memory.
  const { shape } = x;
  let runAxis = shape.length - 1;
  while (runAxis > 0 && size[runAxis] === shape[runAxis]) runAxis--;
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) {
    strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  }
  // The run starts along the previous axis are evenly spaced; so are those before it if it is
  // whole.
  let first = runAxis, runs = 1;
  while (first > 0 && (first === runAxis || size[first] === shape[first])) runs *= size[--first]!;
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const run = size[runAxis]! * strides[runAxis]! * bytes;
  const step = (strides[runAxis - 1] ?? 0) * bytes;
  const index = new Array<number>(first).fill(0);
  const end = addressOf(backend, out) + bytes * tf.util.sizeFromShape(size);
  for (let to = addressOf(backend, out); to < end; to += runs * run) {
    let start = 0;
    for (let axis = 0; axis <= runAxis; axis++) {
      start += (begin[axis]! + (index[axis] ?? 0)) * strides[axis]!;
    }
    copyRuns(simd, { count: runs, bytes: run }, {
      from: { at: addressOf(backend, x) + start * bytes, step },
      to: { at: to, step: run },
    });
    for (let axis = first - 1; axis >= 0; axis--) {
      if (++index[axis]! < size[axis]!) break;
      index[axis] = 0;
    }
  }
  return out;
}

/** Arguments of SplitV. */
export type SplitCall = KernelCall<"x", { numOrSizeSplits: number | number[]; axis: number }>;

/** Parts of a tensor along an axis; tfjs's own reads the whole source back for each. */
export function split(
  simd: KernelThreads<ElementwiseKernels>,
  { inputs: { x }, attrs: { numOrSizeSplits, axis }, backend }: SplitCall,
): tf.TensorInfo[] {
  const [along] = tf.util.parseAxisParam(axis, x.shape) as [number];
  const sizes = tf.backend_util.prepareSplitSize(x as tf.Tensor, numOrSizeSplits, along);
  let first = 0;
  return sizes.map((count) => {
    const begin = x.shape.map((_, i) => i === along ? first : 0);
    first += count;
    const attrs = { begin, size: x.shape.with(along, count) };
    return slice(simd, { inputs: { x }, attrs, backend });
  });
}

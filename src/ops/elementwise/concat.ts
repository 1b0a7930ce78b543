import * as tf from "../../core/tfjs/library.ts";
import { copyRuns } from "./copy_runs.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "./kernels.ts";
import { addressOf, callWasmKernel, type KernelCall } from "../../threads/wasm.ts";

/** Arguments of Concat: its inputs are a list. */
export interface ConcatCall extends KernelCall<never, { readonly axis: number }> {
  readonly inputs: Readonly<Record<string, tf.TensorInfo>>;
}

/** Concatenation along an axis. tfjs copies in JavaScript: 5 ms for 13 MB in runs of 32 numbers. */
export function concat(
  simd: KernelThreads<ElementwiseKernels>,
  { inputs, attrs, backend }: ConcatCall,
): tf.TensorInfo {
  const tensors = Object.values(inputs);
  if (tensors.some(({ dtype }) => dtype !== "float32")) {
    return callWasmKernel(backend, "Concat", inputs, attrs);
  }
  const shapes = tensors.map(({ shape }) => shape);
  const [axis] = tf.util.parseAxisParam(attrs.axis, shapes[0]!) as [number];
  tf.backend_util.assertParamsConsistent(shapes, axis);
  const outShape = tf.backend_util.computeOutShape(shapes, axis);
  const out = backend.makeOutput(outShape, "float32");
  const bytesOf = (shape: readonly number[]) =>
    Float32Array.BYTES_PER_ELEMENT * tf.util.sizeFromShape(shape.slice(axis));
  const runs = tf.util.sizeFromShape(outShape.slice(0, axis));
  const step = bytesOf(outShape);
  let to = addressOf(backend, out);
  for (const tensor of tensors) {
    const bytes = bytesOf(tensor.shape);
    copyRuns(simd, { count: runs, bytes }, {
      from: { at: addressOf(backend, tensor), step: bytes },
      to: { at: to, step },
    });
    to += bytes;
  }
  return out;
}

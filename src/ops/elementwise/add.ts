import * as tf from "../../core/tfjs/library.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ElementwiseKernels } from "./kernels.ts";
import { addressOf, callWasmKernel, type KernelCall } from "../../threads/wasm.ts";

/** Arguments of Add. */
export type AddCall = KernelCall<"a" | "b", object>;

/**
 * a + b; multithreaded if the shapes are equal, as for cotangents that meet at a skip connection.
 */
export function add(
  simd: KernelThreads<ElementwiseKernels>,
  { inputs, attrs, backend }: AddCall,
): tf.TensorInfo {
  const { a, b } = inputs;
  const known = a.dtype === "float32" && b.dtype === "float32" &&
    tf.util.arraysEqual(a.shape, b.shape);
  if (!known) return callWasmKernel(backend, "Add", { a, b }, attrs);
  const out = backend.makeOutput(a.shape, "float32");
  const [left, right, to] = [a, b, out].map((tensor) => addressOf(backend, tensor));
  simd.run(
    "addOf",
    simd.elementRanges(tf.util.sizeFromShape(a.shape)).map(({ first, count }) => [
      ...[count, left! + 4 * first, right! + 4 * first, to! + 4 * first] as const,
    ]),
  );
  return out;
}

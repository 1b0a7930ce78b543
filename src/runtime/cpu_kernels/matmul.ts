import type * as tf from "@tensorflow/tfjs";
import { callWasmKernel, type KernelCall, type WasmBackend } from "./wasm.ts";

interface MatMulAttributes {
  readonly transposeA: boolean;
  readonly transposeB: boolean;
}

/**
 * Matrix product. tfjs's own takes a plain loop where a factor is transposed;
 * transposing it first and multiplying with XNNPACK is three to five times faster.
 */
export function batchMatMul(call: KernelCall<"a" | "b", MatMulAttributes>): tf.TensorInfo {
  return multiply(call, "BatchMatMul");
}

/** {@link batchMatMul} with a bias and an activation. */
export function fusedMatMul(call: KernelCall<"a" | "b", MatMulAttributes>): tf.TensorInfo {
  return multiply(call, "_FusedMatMul");
}

function multiply(
  { inputs, attrs, backend }: KernelCall<"a" | "b", MatMulAttributes>,
  name: string,
): tf.TensorInfo {
  if (!attrs.transposeA && !attrs.transposeB) {
    return callWasmKernel(backend, name, inputs, attrs);
  }
  const a = attrs.transposeA ? transposeLast(backend, inputs.a) : inputs.a;
  const b = attrs.transposeB ? transposeLast(backend, inputs.b) : inputs.b;
  const product = callWasmKernel(backend, name, { ...inputs, a, b }, {
    ...attrs,
    transposeA: false,
    transposeB: false,
  });
  if (attrs.transposeA) backend.disposeData(a.dataId);
  if (attrs.transposeB) backend.disposeData(b.dataId);
  return product;
}

/** Swaps the last two axes. */
function transposeLast(backend: WasmBackend, x: tf.TensorInfo): tf.TensorInfo {
  const perm = x.shape.map((_, axis) => axis);
  const last = perm.length - 1;
  [perm[last - 1], perm[last]] = [last, last - 1];
  return callWasmKernel(backend, "Transpose", { x }, { perm });
}

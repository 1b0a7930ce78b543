import * as tf from "../core/tfjs/library.ts";
import type { WasmBackend } from "../threads/wasm.ts";

/**
 * Activations of tfjs's fused kernels that the kernels here lack, with the kernels that apply them.
 *
 * tfjs's own fused kernels are no substitute: with a transposed factor, `_FusedMatMul` of its
 * WebAssembly backend is wrong from the second row on.
 */
const kernels: Readonly<Record<string, string>> = {
  elu: "Elu",
  leakyrelu: "LeakyRelu",
  prelu: "Prelu",
  relu: "Relu",
  relu6: "Relu6",
  sigmoid: "Sigmoid",
};

/** What tfjs's fused kernels are told about their activation. */
export interface ActivationCall {
  readonly inputs: { readonly preluActivationWeights?: tf.TensorInfo };
  readonly attrs: { readonly activation?: string; readonly leakyreluAlpha?: number };
  readonly backend: WasmBackend;
}

/** Whether an activation follows the kernels here. */
export function isSeparate(activation: string): boolean {
  return activation !== "relu" && Object.hasOwn(kernels, activation);
}

/**
 * What a fused kernel does after its sums: adds a bias, and applies its activation.
 *
 * @param sums Disposed.
 * @param bias Of any shape that broadcasts; tfjs's own fused kernels read past one of one number.
 */
export function finished(
  sums: tf.TensorInfo,
  bias: tf.TensorInfo | undefined,
  { inputs: { preluActivationWeights }, attrs, backend }: ActivationCall,
): tf.TensorInfo {
  const { activation = "linear", leakyreluAlpha = 0.2 } = attrs;
  const biased = bias === undefined ? sums : follow("Add", { a: sums, b: bias }, backend);
  if (activation === "linear") return biased;
  return follow(
    kernels[activation]!,
    activation === "prelu" ? { x: biased, alpha: preluActivationWeights! } : { x: biased },
    backend,
    activation === "leakyrelu" ? { alpha: leakyreluAlpha } : {},
  );
}

/** Runs a kernel of the current backend and disposes its first operand. */
function follow(
  name: string,
  inputs: Readonly<Record<string, tf.TensorInfo>>,
  backend: WasmBackend,
  attrs: tf.NamedAttrMap = {},
): tf.TensorInfo {
  try {
    const { kernelFunc } = tf.getKernel(name, tf.getBackend());
    return kernelFunc({ inputs, attrs, backend }) as tf.TensorInfo;
  } finally {
    backend.disposeData(Object.values(inputs)[0]!.dataId);
  }
}

import type * as tf from "@tensorflow/tfjs";
import { callWasmKernel, type KernelCall } from "../../threads/wasm.ts";

/**
 * A second handle to the same data, as in tfjs's other backends; its WebAssembly backend copies.
 */
export function identity({ inputs: { x }, backend }: KernelCall<"x", object>): tf.TensorInfo {
  if (x.dtype === "string") return callWasmKernel(backend, "Identity", { x }, {});
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}

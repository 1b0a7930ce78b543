import type * as tf from "@tensorflow/tfjs";
import { callWasmKernel, type KernelCall } from "../../threads/wasm.ts";

/** The same numbers under a second name, as tfjs's other backends give them; its WebAssembly backend copies. */
export function identity({ inputs: { x }, backend }: KernelCall<"x", object>): tf.TensorInfo {
  if (x.dtype === "string") return callWasmKernel(backend, "Identity", { x }, {});
  backend.incRef(x.dataId);
  return { dataId: x.dataId, shape: x.shape, dtype: x.dtype };
}

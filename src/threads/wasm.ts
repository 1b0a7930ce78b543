import * as tf from "../core/tfjs/library.ts";
import type { Heap } from "./guarded_heap.ts";

/** Location of a tensor's values in the memory of tfjs's WebAssembly module. */
interface TensorRecord {
  readonly memoryOffset: number;
}

/** The part of tfjs-backend-wasm's instance that kernels use. */
export interface WasmBackend {
  readonly dataIdMap: {
    get(dataId: object): TensorRecord;
    has(dataId: object): boolean;
  };
  readonly wasm: Heap & { readonly asm: { readonly memory: WebAssembly.Memory } };
  /** Allocates; the memory may grow, which detaches every view made before. */
  makeOutput(shape: number[], dtype: "float32" | "int32"): tf.TensorInfo;
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
  /** Drops a reference to a tensor's values; with `force`, drops them despite other references. */
  disposeData(dataId: object, force?: boolean): boolean;
  /** Allocates a tensor and writes its values; every tensor allocation goes through it. */
  move(
    dataId: object,
    values: unknown,
    shape: readonly number[],
    dtype: string,
    references: number,
  ): void;
  /** Adds a reference to these values. */
  incRef(dataId: object): void;
}

/** Arguments of a kernel call. */
export interface KernelCall<Inputs extends string, Attributes> {
  readonly inputs: Readonly<Record<Inputs, tf.TensorInfo>>;
  readonly attrs: Attributes;
  readonly backend: WasmBackend;
}

/** Calls a kernel of tfjs's own WebAssembly backend; the result is the caller's to dispose. */
export function callWasmKernel(
  backend: WasmBackend,
  name: string,
  inputs: Readonly<Record<string, tf.TensorInfo | undefined>>,
  attrs: object,
): tf.TensorInfo {
  const kernel = tf.getKernel(name, "wasm").kernelFunc;
  return kernel({
    inputs: inputs as tf.NamedTensorInfoMap,
    attrs: attrs as tf.NamedAttrMap,
    backend,
  }) as tf.TensorInfo;
}

/** Replaces a kernel of the backend `name`. */
export function replaceKernel<Call extends KernelCall<never, unknown>>(
  backendName: string,
  kernelName: string,
  kernel: (call: Call) => tf.TensorInfo | tf.TensorInfo[],
): void {
  if (tf.getKernel(kernelName, backendName) !== undefined) {
    tf.unregisterKernel(kernelName, backendName);
  }
  tf.registerKernel({ kernelName, backendName, kernelFunc: kernel as unknown as tf.KernelFunc });
}

/** Byte address of a tensor's values. */
export function addressOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** Calls `use` with the address of memory for `numbers` float32 values, and frees it afterwards. */
export function withScratch<T>(
  backend: WasmBackend,
  numbers: number,
  use: (address: number) => T,
): T {
  const scratch = backend.makeOutput([numbers], "float32");
  try {
    return use(addressOf(backend, scratch));
  } finally {
    backend.disposeData(scratch.dataId);
  }
}

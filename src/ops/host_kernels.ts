import type { backend_util } from "@tensorflow/tfjs";
import * as tf from "../core/tfjs/library.ts";
import { type KernelCall, replaceKernel, type WasmBackend } from "../threads/wasm.ts";

/**
 * Operations that tfjs has on arrays of the host and not in WebAssembly. Networks of a program's own
 * use them: the gradient of `tf.gather` (embeddings, a column of the state) is a segment sum.
 * Missing still: complex numbers and ragged tensors.
 */
const NAMES = [
  "DepthwiseConv2dNativeBackpropFilter",
  "DepthwiseConv2dNativeBackpropInput",
  "Einsum",
  "UnsortedSegmentSum",
] as const;

/** The part of tfjs's backends that moves values between them. */
interface Values {
  readSync(dataId: object): backend_util.BackendValues;
  write(values: unknown, shape: readonly number[], dtype: tf.DataType): object;
}

/** The part of tfjs's plain backend that kernels on the host need. */
interface HostBackend extends Values {
  disposeIntermediateTensorInfo(tensor: tf.TensorInfo): void;
}

type HostCall = KernelCall<string, object>;

/** Registers the operations of the host for a WebAssembly backend: inputs are copied out, the result in. */
export function registerHostKernels(backendName: string): void {
  for (const name of NAMES) {
    replaceKernel(backendName, name, (call: HostCall) => callHostKernel(name, call));
  }
}

function callHostKernel(name: string, { inputs, attrs, backend }: HostCall): tf.TensorInfo {
  const host = tf.findBackend("cpu") as unknown as HostBackend;
  const here = backend as WasmBackend & Values;
  const copies: tf.TensorInfo[] = [];
  const copied = (tensor: tf.TensorInfo): tf.TensorInfo => {
    const { shape, dtype } = tensor;
    const dataId = host.write(here.readSync(tensor.dataId), shape, dtype);
    copies.push({ dataId, shape, dtype });
    return copies.at(-1)!;
  };
  try {
    const entries = Object.entries(inputs).map(([key, tensor]) => [key, copied(tensor)] as const);
    const found = tf.getKernel(name, "cpu").kernelFunc({
      // Einsum's inputs are an array.
      inputs: Object.assign(Array.isArray(inputs) ? [] : {}, Object.fromEntries(entries)),
      attrs: attrs as tf.NamedAttrMap,
      backend: host,
    }) as tf.TensorInfo;
    copies.push(found);
    const { shape, dtype } = found;
    return { dataId: here.write(host.readSync(found.dataId), shape, dtype), shape, dtype };
  } finally {
    for (const copy of copies) host.disposeIntermediateTensorInfo(copy);
  }
}

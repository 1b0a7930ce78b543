import type * as tf from "@tensorflow/tfjs";
import { type SimdChoice, simdModule } from "../simd/simd_module.ts";
import type { WasmBackend } from "./wasm.ts";
import gemmPlain from "./gemm.plain.wasm" with { type: "bytes" };
import gemmRelaxed from "./gemm.relaxed.wasm" with { type: "bytes" };

/** The kernels in AssemblyScript, on the memory of tfjs's instance; addresses are bytes of it, flags 0 or 1. */
export interface SimdKernels {
  /** Numbers of scratch that {@link gemm} needs. */
  gemmScratch(n: number, k: number): number;
  /** C[m, n] = A[m, k] B[k, n] + bias; see gemm.as.ts. */
  gemm(
    transposeA: number,
    transposeB: number,
    m: number,
    n: number,
    k: number,
    a: number,
    b: number,
    bias: number,
    relu: number,
    c: number,
    scratch: number,
  ): void;
}

/** Instantiates the kernels on a backend's memory. */
export function openSimdKernels(backend: WasmBackend, choice: SimdChoice): SimdKernels {
  const { memory } = backend.wasm.asm;
  const gemm = simdModule({ relaxed: gemmRelaxed, plain: gemmPlain }, choice);
  const { exports } = new WebAssembly.Instance(gemm, { env: { memory } });
  return exports as unknown as SimdKernels;
}

/** Where a tensor's numbers begin, in bytes of the memory. */
export function addressOf(backend: WasmBackend, tensor: tf.TensorInfo): number {
  return backend.dataIdMap.get(tensor.dataId).memoryOffset;
}

/** Calls `use` with the address of memory for some numbers, which is given back after. */
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

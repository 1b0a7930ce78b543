import { type KernelModule, KernelThreads } from "../threads/kernel_threads.ts";
import type { SimdChoice } from "../threads/simd_module.ts";
import type { ThreadPool } from "../threads/thread_pool.ts";
import type { WasmBackend } from "../threads/wasm.ts";
import { type AdamKernels, adamModule } from "./adam/kernels.ts";
import { convModule, type ConvolutionKernels, winogradModule } from "./convolution/kernels.ts";
import { type ElementwiseKernels, elementwiseModule } from "./elementwise/kernels.ts";
import { type GroupNormSiluKernels, groupNormSiluModule } from "./group_norm_silu/kernels.ts";
import { gemmModule, type MatmulKernels, timedGemm } from "./matmul/kernels.ts";

/** All kernels of the CPU backend. */
export interface CpuKernels
  extends
    AdamKernels,
    ConvolutionKernels,
    ElementwiseKernels,
    GroupNormSiluKernels,
    MatmulKernels {}

/** The kernel modules. */
export const cpuKernelModules: readonly KernelModule[] = [
  adamModule,
  gemmModule,
  convModule,
  elementwiseModule,
  groupNormSiluModule,
  winogradModule,
];

/** All kernels on the memory of tfjs's instance, for the threads of a pool. */
export function cpuKernels(
  pool: ThreadPool,
  { backend, build }: { readonly backend: WasmBackend; readonly build: SimdChoice },
): KernelThreads<CpuKernels> {
  return new KernelThreads(pool, { backend, build, modules: cpuKernelModules, product: timedGemm });
}

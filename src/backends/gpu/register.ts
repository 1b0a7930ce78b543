import { registerGpuAdam } from "./adam.ts";
import type { Gpu } from "./gpu.ts";
import { registerGpuGroupNorm } from "./group_norm_silu.ts";
import type { DeviceLimits } from "./limits.ts";
import { registerGpuParts } from "./parts.ts";
import { registerGpuResample } from "./resample.ts";

/**
 * Registers our kernels with a WebGPU backend of tfjs's, in place of its own or of composed operations.
 *
 * @param gpu Called at each use of a kernel.
 */
export function registerGpuKernels(
  backendName: string,
  device: { readonly limits: DeviceLimits; readonly gpu: () => Gpu },
): void {
  registerGpuAdam(backendName, device);
  registerGpuGroupNorm(backendName, device);
  registerGpuResample(backendName, device);
  registerGpuParts(backendName, device);
}

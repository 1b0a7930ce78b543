import { registerGpuAdam } from "./adam.ts";
import { registerGpuConvolutions } from "./convolution/register.ts";
import { registerGpuFlowPairs } from "./flow/flow_pairs.ts";
import type { Gpu } from "./gpu.ts";
import { registerGpuGroupNorm } from "./group_norm_silu.ts";
import type { DeviceLimits } from "./limits.ts";
import { registerGpuMeanSquaredError } from "./mean_squared_error.ts";
import { registerGpuParts } from "./parts.ts";
import { registerGpuResample } from "./resample.ts";
import { registerGpuTimeEmbedding } from "./flow/time_embedding.ts";

/**
 * Registers our kernels with a WebGPU backend of tfjs's, in place of its own or of composed operations.
 *
 * @param device.gpu Called at each use of a kernel.
 * @param device.isSoftware Whether the adapter computes on the CPU.
 */
export function registerGpuKernels(
  backendName: string,
  device: {
    readonly limits: DeviceLimits;
    readonly gpu: () => Gpu;
    readonly isSoftware: boolean;
  },
): void {
  registerGpuAdam(backendName, device);
  registerGpuConvolutions(backendName, device);
  registerGpuFlowPairs(backendName, device);
  registerGpuGroupNorm(backendName, device);
  registerGpuMeanSquaredError(backendName, device);
  registerGpuResample(backendName, device);
  registerGpuParts(backendName, device);
  registerGpuTimeEmbedding(backendName, device);
}

import type { Gpu } from "../../src/backends/gpu/gpu.ts";

/** Carries out work on a GPU as if it took at most `most` workgroups per dimension of a dispatch. */
export async function withGridLimit<T>(
  gpu: Gpu,
  most: number,
  work: () => Promise<T>,
): Promise<T> {
  const { limits } = gpu;
  const few = new Proxy(limits, {
    get: (target, name) =>
      name === "maxComputeWorkgroupsPerDimension" ? most : Reflect.get(target, name, target),
  });
  Object.defineProperty(gpu, "limits", { value: few, configurable: true });
  try {
    return await work();
  } finally {
    Object.defineProperty(gpu, "limits", { value: limits });
  }
}

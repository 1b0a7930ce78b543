import { FailureError } from "../../core/errors.ts";

/** What a program takes of a device's limits. */
export interface ProgramSize {
  /** Invocations per workgroup, in one dimension. */
  readonly threads: number;
  /** Bytes of its `var<workgroup>` declarations. */
  readonly workgroupBytes: number;
  /** Number of storage buffers that it binds. */
  readonly storageBuffers: number;
}

/** The limits of a device that programs are checked against: `GPUDevice.limits`. */
export type DeviceLimits = Pick<
  GPUSupportedLimits,
  | "maxComputeInvocationsPerWorkgroup"
  | "maxComputeWorkgroupSizeX"
  | "maxComputeWorkgroupStorageSize"
  | "maxComputeWorkgroupsPerDimension"
  | "maxStorageBuffersPerShaderStage"
  | "maxStorageBufferBindingSize"
  | "maxBufferSize"
>;

/** Workgroup memory that a program takes at most: on devices with more, two workgroups share a core then. */
export const MOST_WORKGROUP_BYTES = 32 * 1024;

/**
 * Loop iterations of an invocation at most: Mesa's llvmpipe ends all its loops after 65,535 in total, without a
 * word. On a GPU this is some tens of milliseconds, far from a driver's watchdog.
 */
export const MOST_ITERATIONS = 60_000;

/** Limits that everything fits: for questions that no device is asked for. */
export const unlimited: DeviceLimits = {
  maxComputeInvocationsPerWorkgroup: Infinity,
  maxComputeWorkgroupSizeX: Infinity,
  maxComputeWorkgroupStorageSize: Infinity,
  maxComputeWorkgroupsPerDimension: Infinity,
  maxStorageBuffersPerShaderStage: Infinity,
  maxStorageBufferBindingSize: Infinity,
  maxBufferSize: Infinity,
};

/**
 * Why a program does not fit a device, as phrases for messages; empty if it does. Implementations do not
 * check workgroup memory themselves: Deno's compiles 48 KiB where 32 are allowed.
 */
export function programExcess(size: ProgramSize, limits: DeviceLimits): string[] {
  const { threads, workgroupBytes, storageBuffers } = size;
  const mostThreads = Math.min(
    limits.maxComputeInvocationsPerWorkgroup,
    limits.maxComputeWorkgroupSizeX,
  );
  const reasons: string[] = [];
  const must = (wanted: number, most: number, what: string) => {
    if (!(Number.isSafeInteger(wanted) && wanted >= 0 && wanted <= most)) {
      reasons.push(`${wanted} ${what}, the device has ${most}`);
    }
  };
  must(threads, mostThreads, "invocations per workgroup");
  must(workgroupBytes, limits.maxComputeWorkgroupStorageSize, "bytes of workgroup memory");
  must(storageBuffers, limits.maxStorageBuffersPerShaderStage, "storage buffers");
  return reasons;
}

/** Largest number of bytes that one binding of a storage buffer can reach. */
export function mostBindingBytes(limits: DeviceLimits): number {
  return Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize);
}

/** @throws {FailureError} If a buffer is larger than a binding of the device can reach. */
export function requireBindable(bytes: number, limits: DeviceLimits): void {
  const most = mostBindingBytes(limits);
  if (bytes <= most) return;
  throw new FailureError(
    `the GPU takes buffers of at most ${most} bytes, and this needs ${bytes}: try a smaller batch`,
  );
}

/**
 * The grid of a dispatch of `count` workgroups, which may exceed the limit of one dimension: x * y is at
 * least `count`. The shader finds its index by `gridMain()` (src/ops/wgsl/grid.ts) and ends if it is not below `count`.
 *
 * @throws {RangeError} If `count` is not a whole number from 1, or two dimensions are too small for it.
 */
export function gridOf(count: number, limits: DeviceLimits): readonly [number, number] {
  const most = limits.maxComputeWorkgroupsPerDimension;
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= most * most)) {
    throw new RangeError(`dispatch: expected 1 to ${most * most} workgroups, got ${count}`);
  }
  const y = Math.ceil(count / most);
  return [Math.ceil(count / y), y];
}

import * as tf from "../core/tfjs/library.ts";
import { isSoftwareAdapter, requestGpuAdapter } from "./adapters.ts";
import type { Backend } from "./backend.ts";
import { webgpuName } from "./webgpu_name.ts";
import { closeGpu, gpuOf } from "./gpu/gpu.ts";
import { registerGpuKernels } from "./gpu/register.ts";
import { keepBuffers } from "./gpu/tfjs_webgpu.ts";
import { DeviceError, InputError, OutOfMemoryError } from "../core/errors.ts";
import { option } from "../core/options/spelling.ts";

/** Name of tfjs's own backend, under which it registers its WebGPU kernels. */
const TFJS_NAME = "webgpu";

/** Limits that tfjs may need above WebGPU's guaranteed defaults. */
const RAISED_LIMITS = [
  "maxBufferSize",
  "maxStorageBufferBindingSize",
  "maxStorageBuffersPerShaderStage",
  "maxComputeWorkgroupStorageSize",
  "maxComputeWorkgroupsPerDimension",
  "maxComputeWorkgroupSizeX",
  "maxComputeWorkgroupSizeY",
  "maxComputeInvocationsPerWorkgroup",
] as const;

/**
 * Opens the most powerful WebGPU adapter with its highest limits and passes the device to tfjs, with
 * Fluxion's kernels, under a name of its own: a program that uses Fluxion as a library keeps tfjs's
 * `webgpu`, its device, kernels and settings. The caller makes it current.
 *
 * @throws {InputError} If there is no adapter or it cannot create a device.
 */
export async function openWebgpu(): Promise<Backend> {
  const adapter = await requestGpuAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw new InputError(NO_ADAPTER);
  const requiredLimits: Record<string, number> = {};
  for (const name of RAISED_LIMITS) requiredLimits[name] = adapter.limits[name];
  let device: GPUDevice;
  try {
    device = await adapter.requestDevice({
      requiredLimits,
      requiredFeatures: adapter.features.has("timestamp-query") ? ["timestamp-query"] : [],
    });
  } catch (error) {
    throw new InputError(
      `backend webgpu: ${adapter.info.description} provided no device ` +
        `(${(error as Error).message}); use ${option("backend", "cpu")}`,
    );
  }
  let failure: DeviceError | OutOfMemoryError | null = null, closed = false;
  const name = `WebGPU (${adapter.info.description})`;
  device.lost.then(({ reason, message }) => {
    if (closed) return;
    failure ??= deviceError(name, `the device was lost (${message || reason})`);
  });
  device.addEventListener("uncapturederror", (event) => {
    event.preventDefault(); // would be printed otherwise; check() reports it
    failure ??= failureOf(name, (event as GPUUncapturedErrorEvent).error);
  });

  const backend = await tfjsBackend(device, adapter.info);
  tf.registerBackend(webgpuName, () => backend, 0);
  const opened: Backend = {
    kind: "webgpu",
    tfName: webgpuName,
    description: adapter.info.description,
    check: () => {
      if (failure !== null) throw failure;
    },
    close: () => {
      closed = true;
      closeGpu(backend);
      // Destroys every buffer. The device itself is left to the garbage collector: one in 75
      // processes that destroyed a device on Mesa's llvmpipe crashed with a corrupted heap.
      tf.removeBackend(webgpuName);
    },
  };
  registerGpuKernels(webgpuName, {
    limits: device.limits,
    gpu: () => gpuOf(opened),
    isSoftware: isSoftwareAdapter(adapter.info),
  });
  return opened;
}

/** tfjs's backend on a device, with its kernels copied to our name. */
async function tfjsBackend(device: GPUDevice, info: GPUAdapterInfo): Promise<tf.KernelBackend> {
  const isKnown = tf.findBackendFactory(TFJS_NAME) !== null;
  // Imported here because importing it registers tfjs's own backend.
  const { WebGPUBackend } = await import("@tensorflow/tfjs-backend-webgpu");
  const factory = tf.findBackendFactory(TFJS_NAME);
  if (!isKnown && factory !== null) {
    // There for programs that ask for it by name; with tfjs's rank it would also become the choice of
    // those that name none.
    tf.removeBackend(TFJS_NAME);
    tf.registerBackend(TFJS_NAME, factory, 0);
  }
  if (tf.getKernelsForBackend(webgpuName).length === 0) {
    tf.copyRegisteredKernels(TFJS_NAME, webgpuName);
  }
  class FluxionWebgpu extends WebGPUBackend {
    /** tfjs would silently compute small tensors with its plain CPU kernels. */
    override shouldExecuteOnCPU(): boolean {
      return false;
    }
  }
  const backend = new FluxionWebgpu(device, info);
  keepBuffers(backend);
  return backend;
}

const NO_ADAPTER =
  `backend webgpu: this machine has no WebGPU adapter; use ${
    option("backend", "cpu")
  }, or install a ` +
  "Vulkan driver (a software one, good for tests only: Debian's package mesa-vulkan-drivers)";

/** Buffers above the device's limit are refused by validation, others where no memory is left. */
const TOO_LARGE = /^buffer size\b.*\bgreater\b/i;

function failureOf(name: string, error: GPUError): DeviceError | OutOfMemoryError {
  // Messages about shaders begin with an empty line.
  const words = error.message.trim().split("\n")[0]!.replace(/\.$/, "");
  if (!(error instanceof GPUOutOfMemoryError) && !TOO_LARGE.test(words)) {
    return deviceError(name, words);
  }
  return new OutOfMemoryError(`${name}: ${words}`, null);
}

function deviceError(name: string, words: string): DeviceError {
  return new DeviceError(
    `${name}: ${words}; restart, with ${option("backend", "cpu")} if it persists`,
  );
}

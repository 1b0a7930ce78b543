import type { Backend } from "../../src/backends/backend.ts";
import { openBackend } from "../../src/backends/open_backend.ts";

/** A WebGPU backend whose device fails on request. */
export interface LosableDevice {
  readonly opened: Backend;
  /** Loses the device: commands throw, and the loss arrives with the next turn of the event loop. */
  lose(): void;
  /** Reports an error that no scope captures. */
  refuse(error: GPUError): void;
}

/**
 * Opens the WebGPU backend, which must be closed, on a device that fails as Deno's do: no device is
 * destroyed, since on Mesa's llvmpipe some processes that did so crashed.
 */
export async function losableDevice(): Promise<LosableDevice> {
  const { requestDevice } = GPUAdapter.prototype;
  const loss = Promise.withResolvers<GPUDeviceLostInfo>();
  let device: GPUDevice;
  GPUAdapter.prototype.requestDevice = async function (descriptor) {
    device = await requestDevice.call(this, descriptor);
    Object.defineProperty(device, "lost", { value: loss.promise });
    return device;
  };
  try {
    const opened = await openBackend("webgpu");
    return {
      opened,
      lose() {
        const refused = () => {
          throw new DOMException("Buffer with '' label is invalid", "OperationError");
        };
        for (const name of ["createBindGroup", "createCommandEncoder", "createBuffer"]) {
          Object.defineProperty(device, name, { value: refused });
        }
        const info = { reason: "unknown", message: "the driver was reset" };
        setTimeout(() => loss.resolve(info as unknown as GPUDeviceLostInfo), 0);
      },
      refuse(error) {
        device.dispatchEvent(new GPUUncapturedErrorEvent("uncapturederror", { error }));
      },
    };
  } finally {
    GPUAdapter.prototype.requestDevice = requestDevice;
  }
}

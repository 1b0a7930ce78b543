import type { PortableBits } from "../threads/simd_module.ts";

/** `cpu` is tfjs on WebAssembly SIMD with Fluxion's kernels, `webgpu` is tfjs on a WebGPU device. */
export type BackendKind = "cpu" | "webgpu";

/** A running tensor backend that is tfjs's current one. */
export interface Backend {
  /** Kind of the backend. */
  readonly kind: BackendKind;
  /** Its name in tfjs. */
  readonly tfName: string;
  /** Human-readable description of the device and its driver. */
  readonly description: string;
  /**
   * Checks that the device still works. Call it after reading results back: a GPU that refused a
   * command returns garbage instead of throwing. `deviceFailure()` explains what a device threw.
   *
   * @throws {DeviceError} If the device was lost or reported an error since it was opened.
   * @throws {OutOfMemoryError} If it had too little memory.
   */
  check(): void;
  /** Closes the device and disposes every tensor on it. Does nothing for the CPU backend. */
  close(): void;
}

/** Options of `openBackend()`. */
export interface BackendOptions extends PortableBits {
  /** Maximum number of threads of the CPU kernels from now on; default the number of cores. */
  readonly threads?: number;
}

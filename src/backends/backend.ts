import type { PortableBits } from "../threads/simd_module.ts";

/** `cpu` is tfjs on WebAssembly SIMD with Fluxion's kernels, `webgpu` is tfjs on a WebGPU device. */
export type BackendKind = "cpu" | "webgpu";

/** A tensor backend that runs and is tfjs's current one. */
export interface Backend {
  /** Which of the two it is. */
  readonly kind: BackendKind;
  /** The name under which tfjs knows it. */
  readonly tfName: string;
  /** For people: the device and how it is driven. */
  readonly description: string;
  /**
   * Says whether the device still answers. Call it where results were read back:
   * a GPU device that was lost leaves garbage instead of throwing.
   *
   * @throws {FailureError} If the device was lost or reported an error since it was opened.
   */
  check(): void;
  /** Gives the device back; every tensor on it is gone. The CPU backend has nothing to give back. */
  close(): void;
}

/** How a backend is opened. */
export interface BackendOptions extends PortableBits {
  /** The CPU backend's kernels use at most so many threads from now on; as many as there are cores when left out. */
  readonly threads?: number;
}

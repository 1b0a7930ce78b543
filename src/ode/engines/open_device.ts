import type { Backend, BackendKind, BackendOptions } from "../../backends/backend.ts";
import { chooseBackend, type Work } from "../../backends/choose_backend.ts";
import { openBackend } from "../../backends/open_backend.ts";
import { simdChoice } from "../../threads/simd_module.ts";
import { simdEngine } from "./cpu/simd_engine.ts";
import { type Engines, enginesInOrder } from "./engines.ts";
import { portableEngine } from "./portable/portable_engine.ts";

/** How a device is opened. */
export interface DeviceOptions extends BackendOptions {
  /** What `auto` chooses a backend for; `points` when left out. */
  readonly work?: Work;
}

/** A backend that is open, and the engines that solve on it. Close it. */
export interface Device {
  /** It is tfjs's current one. */
  readonly backend: Backend;
  /** They live as long as the backend is open. */
  readonly engines: Engines;
  /** Why this backend, for people. */
  readonly reason: string;
  /** Gives the backend back, with every tensor on it. */
  close(): void;
}

/**
 * Opens a backend with its engines.
 *
 * @param request `auto` decides by what was measured for the kind of work.
 * @throws {InputError} If the backend is not there, or portable bits are asked of a GPU.
 * @throws {FailureError} If the CPU backend does not start.
 */
export async function openDevice(
  request: "auto" | BackendKind = "auto",
  { work = "points", ...options }: DeviceOptions = {},
): Promise<Device> {
  const { kind, reason } = await chooseBackend(request, work, options);
  const backend = await openBackend(kind, options);
  return {
    backend,
    engines: enginesOf(backend, options),
    reason,
    close: () => backend.close(),
  };
}

/**
 * The engines of a backend that is open.
 *
 * On the CPU, networks that are known run in WebAssembly on all cores, and rows of other fields lie on the
 * host, where reading a tensor is free. On a GPU rows stay in tensors, since every read-back waits.
 */
export function enginesOf(
  { kind }: Backend,
  { threads, portableBits }: BackendOptions = {},
): Engines {
  switch (kind) {
    case "cpu": {
      const build = simdChoice({ portableBits });
      return enginesInOrder(simdEngine({ threads, build }), portableEngine("host"));
    }
    case "webgpu":
      return enginesInOrder(portableEngine("tensors"));
    default:
      return kind satisfies never;
  }
}

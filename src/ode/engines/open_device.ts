import { gpuOf } from "../../backends/gpu/gpu.ts";
import type { Backend, BackendKind, BackendOptions } from "../../backends/backend.ts";
import { chooseBackend, type Work } from "../../backends/choose_backend.ts";
import { openBackend, openCpuOnDemand } from "../../backends/open_backend.ts";
import { option } from "../../core/options/spelling.ts";
import { hasTensors } from "../../core/tfjs/on_demand.ts";
import { simdChoice } from "../../threads/simd_module.ts";
import { simdEngine } from "./cpu/simd_engine.ts";
import { type Engines, enginesInOrder, noticingRefusal } from "./engines.ts";
import { gpuTensorEngine } from "./gpu/attempts/tensor_engine.ts";
import { gpuEngine } from "./gpu/gpu_engine.ts";
import { portableEngine } from "./portable/portable_engine.ts";

/** Options of {@link openDevice}. */
export interface DeviceOptions extends BackendOptions {
  /** The workload for which `auto` chooses a backend; `points` by default. */
  readonly work?: Work;
  /**
   * `onDemand`: a CPU backend is opened, and tfjs loaded unless it is, with the first tensor. Default
   * `now`.
   */
  readonly tensors?: "now" | "onDemand";
  /** Called at most once, with a remark: where solves of a net `mlp` on a GPU are not the GPU engine's. */
  readonly onSlowSolves?: (remark: string) => void;
}

/**
 * The remark that work on a GPU is slow.
 *
 * @param work In the plural.
 * @param reasons Why the GPU engine does not take it.
 */
export function slowOnGpu(work: string, reasons: readonly string[]): string {
  const slow = `run as tensor operations, slower than with ${option("backend", "cpu")}`;
  return `${work} ${slow}; the GPU engine: ${reasons.join("; ")}`;
}

/** An open backend and the engines that solve on it. Close it. */
export interface Device {
  /** Also tfjs's current backend, once tfjs is loaded. */
  readonly backend: Backend;
  /** Valid while the backend is open. */
  readonly engines: Engines;
  /** Why this backend was chosen, for messages. */
  readonly reason: string;
  /** Closes the backend; tensors on a GPU become invalid. */
  close(): void;
}

/**
 * Opens a backend with its engines.
 *
 * @param request `auto` chooses by measured speed for the kind of work.
 * @throws {InputError} If the backend is not available, or portable bits are requested on a GPU.
 * @throws {FailureError} If the CPU backend fails to start.
 */
export async function openDevice(
  request: "auto" | BackendKind = "auto",
  { work = "points", tensors = "now", onSlowSolves, ...options }: DeviceOptions = {},
): Promise<Device> {
  const { kind, reason } = await chooseBackend(request, work, options);
  const backend = kind === "cpu" && tensors === "onDemand" && !hasTensors()
    ? openCpuOnDemand(options)
    : await openBackend(kind, options);
  const engines = enginesOf(backend, options);
  return {
    backend,
    engines: backend.kind === "webgpu" && onSlowSolves !== undefined
      ? noticingRefusal(engines, (reasons) => onSlowSolves(slowOnGpu("solves", reasons)))
      : engines,
    reason,
    close: () => backend.close(),
  };
}

/**
 * The engines of an open backend.
 *
 * On the CPU, fused networks run in WebAssembly on all cores; for other fields the states are float64
 * arrays on the host, since reading a tensor is free there. On a GPU they run in WGSL, one workgroup per
 * control group; solves of other networks alternate tfjs operations with WGSL that decides on steps. For
 * other fields the states stay in tensors, since every read-back stalls the pipeline.
 */
export function enginesOf(
  backend: Backend,
  { threads, portableBits }: BackendOptions = {},
): Engines {
  switch (backend.kind) {
    case "cpu": {
      const build = simdChoice({ portableBits });
      return enginesInOrder(simdEngine({ threads, build }), portableEngine("host"));
    }
    case "webgpu": {
      const gpu = gpuOf(backend), clock = () => performance.now();
      return enginesInOrder(
        gpuEngine(gpu),
        gpuTensorEngine(gpu, { clock }),
        portableEngine("tensors"),
      );
    }
    default:
      return backend.kind satisfies never;
  }
}

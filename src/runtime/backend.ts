import * as tf from "@tensorflow/tfjs";
import { InputError } from "./errors.ts";
import { openCpu, setCpuThreads } from "./cpu_backend.ts";
import { type Adapter, isSoftwareAdapter, requestAdapter } from "./adapters.ts";
import { type PortableBits, simdChoice } from "./simd/simd_module.ts";
import { usableThreads } from "./usable_threads.ts";
import { openWebgpu } from "./webgpu_backend.ts";

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

// Mirrors tfjs's registry of backends, which is one for the whole process too; by kind and build.
const opened = new Map<string, Backend>();
let last: Promise<unknown> = Promise.resolve();

/** How a backend is opened. */
export interface BackendOptions extends PortableBits {
  /** The CPU backend's kernels use at most so many threads from now on; as many as there are cores when left out. */
  readonly threads?: number;
}

/**
 * Starts a backend and makes it tfjs's current one; a second call with the same bits gives the same.
 *
 * tfjs goes on with another backend in silence when one fails to start, so
 * what runs is asserted here.
 *
 * @throws {InputError} If `kind` is `webgpu` and there is no adapter, or its device does not start,
 *   or portable bits are asked of it.
 * @throws {FailureError} If the CPU backend does not start.
 */
export function openBackend(kind: BackendKind, options: BackendOptions = {}): Promise<Backend> {
  // One after the other: of two initialisations at once tfjs drops the first.
  const opening = last.then(() => open(kind, options));
  last = opening.catch(() => {});
  return opening;
}

async function open(
  kind: BackendKind,
  { threads, portableBits }: BackendOptions,
): Promise<Backend> {
  if (kind === "webgpu" && portableBits) {
    throw new InputError(
      "backend webgpu: no two GPUs give the same bits; portable bits need backend cpu",
    );
  }
  const choice = simdChoice({ portableBits });
  const name = `${kind} ${choice}`;
  let backend = opened.get(name);
  if (backend === undefined) {
    const started = kind === "cpu" ? await openCpu(choice) : await openWebgpu();
    backend = {
      ...started,
      close: () => {
        if (opened.get(name)?.close !== backend!.close) return;
        started.close();
        if (kind === "webgpu") opened.delete(name);
      },
    };
    opened.set(name, backend);
  }
  backend.check();
  if (kind === "cpu") setCpuThreads(choice, usableThreads(threads));
  await tf.setBackend(backend.tfName);
  await tf.ready();
  if (tf.getBackend() !== backend.tfName) {
    throw new InputError(
      `backend ${kind}: asked tfjs for ${backend.tfName}, it runs ${tf.getBackend()}; ` +
        `run "fluxion doctor" to see what this machine can do`,
    );
  }
  return backend;
}

/** What the work is done on: rows of few numbers, or images. */
export type Work = "points" | "images";

/**
 * Chooses a backend by what was measured for each kind of work.
 *
 * Points run on the CPU even where there is a GPU, until the GPU engine exists:
 * a training step of a CNF is some 150 evaluations of 35 to 110 tfjs operations,
 * at 130 microseconds each on WebGPU. A software adapter is never chosen: it
 * reaches a hundredth of the CPU backend's speed.
 */
export async function chooseBackend(
  request: "auto" | BackendKind,
  work: Work,
  { portableBits = false }: PortableBits = {},
): Promise<{ readonly kind: BackendKind; readonly reason: string }> {
  if (request === "auto" && portableBits) {
    return { kind: "cpu", reason: "portable bits were asked for" };
  }
  // Asked only where the answer counts: some drivers write to stderr when they are.
  const counts = request === "auto" && work === "images";
  return choose(request, work, counts ? await requestAdapter() : null);
}

/** {@link chooseBackend} for an adapter that is known. */
export function choose(
  request: "auto" | BackendKind,
  work: Work,
  adapter: Adapter | null,
): { readonly kind: BackendKind; readonly reason: string } {
  if (request !== "auto") return { kind: request, reason: "asked for" };
  if (work === "points") {
    return {
      kind: "cpu",
      reason: "points run faster on the CPU: on a GPU each of their many small operations " +
        "costs more to start than to compute",
    };
  }
  if (adapter === null) return { kind: "cpu", reason: "there is no WebGPU adapter" };
  const name = adapter.description;
  if (isSoftwareAdapter(adapter)) {
    return { kind: "cpu", reason: `the only WebGPU adapter is a software one (${name})` };
  }
  return { kind: "webgpu", reason: `images run faster on the GPU (${name})` };
}

import * as tf from "../core/tfjs/library.ts";
import { type FailureError, InputError } from "../core/errors.ts";
import { quotedJson } from "../core/quoted.ts";
import { countOpenBackends, loadTensors, openOnDemand } from "../core/tfjs/on_demand.ts";
import { registerMissingGradients } from "../ops/missing_gradients.ts";
import { simdChoice } from "../threads/simd_module.ts";
import { usableThreads } from "../threads/usable_threads.ts";
import type { Backend, BackendKind, BackendOptions } from "./backend.ts";
import { cpuNames } from "./cpu_names.ts";

// Mirrors tfjs's process-wide registry of backends; keyed by kind and build.
const opened = new Map<string, Backend>();
let last: Promise<unknown> = Promise.resolve();

/**
 * Starts a backend and makes it tfjs's current one; repeated calls with the same options return the
 * same backend.
 *
 * tfjs silently falls back to another backend if one fails to start, so this asserts which one
 * runs.
 *
 * @throws {InputError} If `kind` or `threads` is not one; if `kind` is `webgpu` and there is no
 *   adapter, its device does not start, or portable bits are requested.
 * @throws {FailureError} If the CPU backend does not start.
 */
export function openBackend(kind: BackendKind, options: BackendOptions = {}): Promise<Backend> {
  // Serialised, because tfjs drops the first of two concurrent initialisations.
  const opening = last.then(() => open(kind, options));
  last = opening.catch(() => {});
  return opening;
}

/** Whether a backend of a kind is open. */
export function isOpen(kind: BackendKind): boolean {
  return [...opened.values()].some((backend) => backend.kind === kind);
}

/**
 * The failure of an open device, if there is one: whatever work on it threw is then a consequence.
 * Commands to a lost device throw errors that name buffers and encoders, and the loss itself arrives
 * with the next turn of the event loop, which this awaits.
 */
export async function deviceFailure(): Promise<FailureError | null> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (const backend of opened.values()) {
    try {
      backend.check();
    } catch (error) {
      return error as FailureError;
    }
  }
  return null;
}

/**
 * The CPU backend, opened by the first `needTensors()` while no backend is open: until then
 * nothing of tfjs is loaded.
 *
 * @throws {InputError} If `threads` is none.
 */
export function openCpuOnDemand(options: BackendOptions): Backend {
  requireThreads(options);
  let opened: Backend | null = null;
  openOnDemand(async () => opened = await openBackend("cpu", options));
  return {
    kind: "cpu",
    ...cpuNames[simdChoice(options)],
    check: () => opened?.check(),
    close: () => opened?.close(),
  };
}

function requireThreads({ threads }: BackendOptions): void {
  if (threads === undefined || (Number.isSafeInteger(threads) && threads >= 1)) return;
  throw new InputError(`threads: expected a whole number of at least 1, got ${threads}`);
}

async function open(
  kind: BackendKind,
  options: BackendOptions,
): Promise<Backend> {
  if (kind !== "cpu" && kind !== "webgpu") {
    throw new InputError(`backend: expected "cpu" or "webgpu", got ${quotedJson(kind)}`);
  }
  requireThreads(options);
  const { threads, portableBits } = options;
  if (kind === "webgpu" && portableBits) {
    throw new InputError(
      "backend webgpu: GPUs differ in their bits; portable bits need backend cpu",
    );
  }
  // Imported with tfjs: the kernels take half a megabyte.
  const [{ openCpu, setCpuThreads }, { openWebgpu }] = await Promise.all([
    import("./cpu_backend.ts"),
    import("./webgpu_backend.ts"),
    loadTensors(),
  ]);
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
        countOpenBackends(opened.size);
        leaveCurrent();
      },
    };
    opened.set(name, backend);
  }
  backend.check();
  if (kind === "cpu") setCpuThreads(choice, usableThreads(threads));
  registerMissingGradients();
  await tf.setBackend(backend.tfName);
  await tf.ready();
  if (tf.getBackend() !== backend.tfName) {
    throw new InputError(
      `backend ${kind}: asked tfjs for ${backend.tfName}, it runs ${tf.getBackend()}; ` +
        `run "fluxion doctor" to see what this machine can do`,
    );
  }
  countOpenBackends(opened.size);
  return backend;
}

/**
 * Makes an open backend current where the current one was closed. tfjs would start whichever it
 * ranks first anew: with the CPU backend open, a second instance on its memory, which fails.
 */
function leaveCurrent(): void {
  const other = [...opened.values()].at(-1);
  if (tf.getBackend() === null && other !== undefined) void tf.setBackend(other.tfName);
}

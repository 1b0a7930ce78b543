import * as tf from "../core/tfjs/library.ts";
import type { Backend } from "./backend.ts";
import { cpuNames } from "./cpu_names.ts";
import { type CpuKernels, cpuKernels } from "../ops/cpu_kernels.ts";
import type { KernelThreads } from "../threads/kernel_threads.ts";
import { processThreads } from "../threads/thread_pool.ts";
import { guardHeap } from "../threads/guarded_heap.ts";
import { registerCpuKernels } from "../ops/register.ts";
import { releaseOnThrow } from "../ops/release_on_throw.ts";
import type { WasmBackend } from "../threads/wasm.ts";
import { fromBase64 } from "../core/base64.ts";
import { FailureError } from "../core/errors.ts";
import type { SimdChoice } from "../threads/simd_module.ts";
import { fullSharedMemory } from "../core/wasm/guarded_memory.ts";
import { onSharedMemory } from "../core/wasm/memory_rewrite.ts";
import tfjsWasm from "./tfjs_simd.wasm.b64" with { type: "text" };

const started = new Map<SimdChoice, KernelThreads<CpuKernels>>();

/**
 * Starts tfjs's WebAssembly backend and registers it again, with one build of Fluxion's kernels,
 * under its own name: kernels registered on `wasm` itself would change tfjs for programs that use
 * Fluxion as a library.
 *
 * All names share one instance and one memory. The caller makes it current.
 *
 * @throws {FailureError} If the backend does not start.
 */
export async function openCpu(choice: SimdChoice): Promise<Backend> {
  const { tfName, description } = cpuNames[choice];
  if (!started.has(choice)) {
    await startWasm();
    tf.copyRegisteredKernels("wasm", tfName);
    const backend = tf.findBackend("wasm") as unknown as WasmBackend;
    // Only once, since all names share one instance.
    if (started.size === 0) guardHeap(backend.wasm);
    const simd = cpuKernels(await processThreads(), { backend, build: choice });
    started.set(choice, simd);
    registerCpuKernels(tfName, simd);
    releaseOnThrow(tfName, backend);
    tf.registerBackend(tfName, () => tf.findBackend("wasm"), 0);
  }
  return {
    kind: "cpu",
    tfName,
    description,
    check: () => {},
    close: () => {},
  };
}

/** Sets the number of threads, including the calling one, of a build's kernels if it is running. */
export function setCpuThreads(choice: SimdChoice, threads: number): void {
  const simd = started.get(choice);
  if (simd !== undefined) simd.threads = threads;
}

/**
 * Starts tfjs's module unless it is running: a second instance on the same memory would overwrite
 * the first one's tensors with its initial state.
 */
async function startWasm(): Promise<void> {
  if (isWasmStarted()) return;
  // The glue of tfjs-backend-wasm reads __dirname, which a bundle does not have.
  (globalThis as { __dirname?: string }).__dirname ??= "/";
  const listeners = processListeners();
  // Imported here because importing it registers the backend `wasm`.
  const { setWasmPaths } = await import("@tensorflow/tfjs-backend-wasm");
  const shared = sharedModule();
  const bytes = shared?.bytes ?? fromBase64(tfjsWasm);
  const url = URL.createObjectURL(new Blob([bytes], { type: "application/wasm" }));
  const { instantiate } = WebAssembly;
  try {
    if (shared !== null) WebAssembly.instantiate = instantiateOn(shared) as typeof instantiate;
    setWasmPaths({
      "tfjs-backend-wasm.wasm": url,
      "tfjs-backend-wasm-simd.wasm": url,
      "tfjs-backend-wasm-threaded-simd.wasm": url,
    }, true);
    await tf.setBackend("wasm");
    await tf.ready();
  } finally {
    WebAssembly.instantiate = instantiate;
    URL.revokeObjectURL(url);
    listeners.removeAdded();
  }
  if (!isWasmStarted()) {
    throw new FailureError(
      'backend cpu: tfjs\'s WebAssembly backend did not start; run "fluxion doctor" to see why',
    );
  }
}

/** Asks the registry directly, because `tf.findBackend` would start the backend. */
function isWasmStarted(): boolean {
  return "wasm" in tf.engine().registry;
}

/** tfjs's module with a memory that workers can share. */
interface SharedModule {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly memory: WebAssembly.Memory;
}

/** Import name of the memory in tfjs's module. */
const MEMORY_NAME = "fluxionMemory";

/** Null if the memory cannot be allocated, as with little address space; tfjs then uses its own. */
function sharedModule(): SharedModule | null {
  try {
    const bytes = onSharedMemory(fromBase64(tfjsWasm), MEMORY_NAME);
    return { bytes, memory: fullSharedMemory() };
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/**
 * `WebAssembly.instantiate` that passes tfjs's module its memory: tfjs has no setting for it. The
 * memory has its full size; otherwise the glue code would grow it whenever `malloc` runs out.
 */
function instantiateOn({ bytes, memory }: SharedModule) {
  const { instantiate } = WebAssembly;
  return (source: BufferSource, imports: WebAssembly.Imports) => {
    const isOurs = source.byteLength === bytes.length && imports.env !== undefined;
    const env = isOurs
      ? { ...imports.env, emscripten_resize_heap: () => 0, [MEMORY_NAME]: memory }
      : imports.env;
    return instantiate(source, isOurs ? { ...imports, env: env! } : imports);
  };
}

/**
 * The glue code listens to `uncaughtException` and `unhandledRejection` and rethrows, which would
 * bypass the program's own handlers.
 */
function processListeners() {
  type Listener = (...values: unknown[]) => void;
  const process = (globalThis as unknown as {
    process: {
      listeners(event: string): Listener[];
      removeListener(event: string, listener: Listener): void;
    };
  }).process;
  const events = ["uncaughtException", "unhandledRejection"];
  const before = new Set(events.flatMap((event) => process.listeners(event)));
  return {
    removeAdded: () => {
      for (const event of events) {
        for (const listener of process.listeners(event)) {
          if (!before.has(listener)) process.removeListener(event, listener);
        }
      }
    },
  };
}

import type { MessagePort } from "node:worker_threads";
import type { Kernel } from "./board.ts";

/** Modules on one memory, as sent to every thread. */
export interface ModulesOnMemory {
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
  /** Names of the modules' functions, in the order of their numbers. */
  readonly names: readonly string[];
}

/** Initial data of a worker. */
export interface WorkerStart {
  readonly buffer: SharedArrayBuffer;
  /** From 0. */
  readonly index: number;
  /** Delivers {@link ModulesOnMemory}. */
  readonly port: MessagePort;
  /** See core/stop.ts. */
  readonly stopWord: Int32Array;
}

/**
 * Everything that modules may import: the memory, JavaScript's float64 functions, so that all parts have
 * the same bits, and whether the work is to be interrupted.
 */
export function moduleImports(
  memory: WebAssembly.Memory,
  stopWord: Int32Array,
): WebAssembly.Imports {
  return {
    env: { memory },
    math: { sin: Math.sin, cos: Math.cos, pow: Math.pow },
    stop: { isAsked: () => Atomics.load(stopWord, 0) },
  };
}

/** The functions of modules on one memory, by name. */
export function moduleFunctions(
  modules: readonly WebAssembly.Module[],
  memory: WebAssembly.Memory,
  stopWord: Int32Array,
): Record<string, Kernel> {
  const imports = moduleImports(memory, stopWord);
  const exported = modules.flatMap((module) =>
    Object.entries(new WebAssembly.Instance(module, imports).exports)
  );
  return Object.fromEntries(exported.filter(([, value]) => typeof value === "function")) as Record<
    string,
    Kernel
  >;
}

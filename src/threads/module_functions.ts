import type { MessagePort } from "node:worker_threads";
import type { Kernel } from "./board.ts";

/** Modules on one memory, as every thread gets them. */
export interface ModulesOnMemory {
  readonly modules: readonly WebAssembly.Module[];
  readonly memory: WebAssembly.Memory;
  /** Names of the modules' functions, in the order in which tasks number them. */
  readonly names: readonly string[];
}

/** What a worker begins with. */
export interface WorkerStart {
  readonly buffer: SharedArrayBuffer;
  /** From 0. */
  readonly index: number;
  /** Brings {@link ModulesOnMemory}. */
  readonly port: MessagePort;
  /** See core/stop.ts. */
  readonly stopWord: Int32Array;
}

/**
 * What modules import, as far as they do: the memory, the program's own float64 functions, so that
 * every part has the same bits, and whether work is to end early.
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

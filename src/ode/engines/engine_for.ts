import type { BackendKind } from "../../backends/backend.ts";
import { type PortableBits, simdChoice } from "../../threads/simd_module.ts";
import type { Engine } from "./engine.ts";
import { portableEngine } from "./portable/portable_engine.ts";
import { simdEngine } from "./cpu/simd_engine.ts";

/** How the engine may use the machine. */
export interface EngineOptions extends PortableBits {
  /** Threads of the CPU engine at most; as many as there are cores when left out. */
  readonly threads?: number;
}

/**
 * The engine for an open backend.
 *
 * On the CPU fields that are known run in WebAssembly on all cores. On a GPU rows stand in
 * tensors, since every read-back waits for it.
 */
export function engineFor(kind: BackendKind, options: EngineOptions = {}): Engine {
  const { threads, portableBits } = options;
  return kind === "cpu"
    ? simdEngine({ threads, build: simdChoice({ portableBits }) })
    : portableEngine("tensors");
}

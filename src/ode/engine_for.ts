import type { BackendKind } from "../runtime/backend.ts";
import type { Engine } from "./engine.ts";
import { portableEngine } from "./portable_engine.ts";

/**
 * The engine for an open backend.
 *
 * Rows stand on the host where reading a tensor back is free, and in tensors
 * where every read-back waits for the GPU.
 */
export function engineFor(kind: BackendKind): Engine {
  return portableEngine(kind === "cpu" ? "host" : "tensors");
}

/**
 * Backends of this machine, and self-tests of their results.
 *
 * @module
 */
export { type Adapter, isSoftwareAdapter, listAdapters } from "./adapters.ts";
export type { Backend, BackendKind, BackendOptions } from "./backend.ts";
export { choose, chooseBackend, type Work } from "./choose_backend.ts";
export {
  diskRoom,
  type MatmulSpeed,
  measureMatmul,
  memoryRoom,
  type Room,
  type Versions,
  versions,
} from "./device_facts.ts";
export { deviceFailure, openBackend } from "./open_backend.ts";
export { selfTest, type SelfTestResult } from "./self_test.ts";
export { hasBoundsChecks } from "../core/wasm/bounds_checks.ts";
export { fastestFlags } from "../core/wasm/v8_flags.ts";
export { type CheckResult, sharedMemoryWorkerTest } from "../threads/shared_memory_check.ts";

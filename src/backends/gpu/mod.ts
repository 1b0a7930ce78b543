/**
 * Programs of our own on tfjs's WebGPU device: compiled shaders, pooled buffers, and a recorder that puts
 * dispatches into tfjs's command encoder.
 *
 * A use: `gpuOf(backend)`, then `gpu.program(source)`, operands (`gpu.upload`, `gpu.scratch`, `gpu.tensor`, any
 * float32 tensor of the backend), `gpu.record(program, operands, workgroups)`, `gpu.read(buffer)`.
 *
 * @module
 */
export type { Backend, BackendKind } from "../backend.ts";
export type { Tensor } from "../../core/tensors.ts";
export type { PooledBuffer } from "./buffers.ts";
export { Gpu, type GpuCounts, gpuOf, type LateCopy, type Operand } from "./gpu.ts";
export type { LoggedCommands } from "./tfjs_webgpu.ts";
export {
  type DeviceLimits,
  gridOf,
  MOST_ITERATIONS,
  MOST_WORKGROUP_BYTES,
  mostBindingBytes,
  programExcess,
  type ProgramSize,
} from "./limits.ts";
export { drawOnGpu, type RandomNumbers } from "./random/draw.ts";
export type { Draw } from "./random/draw_job.ts";
export { PHILOX_WGSL, RANDOM_NUMBERS_WGSL } from "./random/numbers_wgsl.ts";
export {
  type BindingKind,
  type Program,
  type ProgramSource,
  sizeOf,
  type WorkgroupElement,
  type WorkgroupVariable,
  workgroupVariables,
} from "./programs.ts";

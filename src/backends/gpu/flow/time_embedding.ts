import type { Tensor1D, Tensor2D } from "../../../core/tensors.ts";
import {
  TIME_EMBEDDING,
  type TimeEmbeddingSettings,
} from "../../../ops/time_embedding/time_embedding.ts";
import {
  EMBEDDING_THREADS,
  timeEmbeddingShader,
} from "../../../ops/time_embedding/time_embedding_wgsl.ts";
import type { KernelCall } from "../../../threads/wasm.ts";
import type { Gpu } from "../gpu.ts";
import type { ProgramSource } from "../programs.ts";
import { replaceGpuKernel } from "../replace_gpu_kernel.ts";

interface TimeEmbeddingCall extends KernelCall<"t", TimeEmbeddingSettings> {
  readonly inputs: { readonly t: Tensor1D };
}

const program: ProgramSource = {
  name: "time embedding",
  code: timeEmbeddingShader,
  bindings: ["uniform", "read", "readWrite"],
  threads: EMBEDDING_THREADS,
  workgroupBytes: 0,
};

/** The embedding in one dispatch. */
function embeddingOn(gpu: Gpu, t: Tensor1D, width: number): Tensor2D {
  const rows = t.size, half = width / 2;
  if (rows === 0 || !Number.isSafeInteger(half) || half < 1) {
    throw new RangeError(
      `${TIME_EMBEDDING}: expected times and a positive even width, got [${t.shape}] and ${width}`,
    );
  }
  const quads = Math.ceil(half / 4);
  using job = gpu.upload(Uint32Array.of(rows, half, quads, 0));
  const y = gpu.tensor<Tensor2D>([rows, width]);
  gpu.record(gpu.program(program), [job, t, y], Math.ceil(2 * rows * quads / EMBEDDING_THREADS));
  return y;
}

/**
 * Registers the time embedding with tfjs's backend of a GPU.
 *
 * @param gpu Called at each use.
 */
export function registerGpuTimeEmbedding(
  backendName: string,
  { gpu }: { readonly gpu: () => Gpu },
): void {
  replaceGpuKernel(
    backendName,
    TIME_EMBEDDING,
    ({ inputs: { t }, attrs: { width } }: TimeEmbeddingCall) => embeddingOn(gpu(), t, width),
  );
}

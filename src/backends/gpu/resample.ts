import type { Tensor } from "../../core/tensors.ts";
import { type ResampleCall, resampleKernels } from "../../ops/resample/cpu.ts";
import { RESAMPLE_THREADS, resampleShaders } from "../../ops/resample/resample_wgsl.ts";
import type { Gpu } from "./gpu.ts";
import { replaceGpuKernel } from "./replace_gpu_kernel.ts";

/** FluxionSumOfFour or FluxionFourTimes in one dispatch. */
function resampleOn(
  gpu: Gpu,
  name: keyof typeof resampleKernels,
  { x, scale }: { readonly x: Tensor; readonly scale: number },
): Tensor {
  const [n, h, w, c] = x.shape as [number, number, number, number];
  const halves = name === "sumOfFour";
  if (x.size === 0 || c % 4 !== 0 || (halves && (h % 2 !== 0 || w % 2 !== 0))) {
    throw new RangeError(
      `${
        resampleKernels[name]
      }: expected images of even sides with a multiple of 4 channels, got ` +
        `[${x.shape}]`,
    );
  }
  const y = gpu.tensor(halves ? [n, h / 2, w / 2, c] : [n, 2 * h, 2 * w, c]);
  const numbers = new Float32Array(4), count = y.size / 4;
  new Uint32Array(numbers.buffer).set([count, y.shape[2]!, c / 4]);
  numbers[3] = scale;
  using job = gpu.upload(numbers);
  const program = gpu.program({
    name: resampleKernels[name],
    code: resampleShaders[name],
    bindings: ["uniform", "read", "readWrite"],
    threads: RESAMPLE_THREADS,
    workgroupBytes: 0,
  });
  gpu.record(program, [job, x, y], Math.ceil(count / RESAMPLE_THREADS));
  return y;
}

/**
 * Registers up- and downsampling with tfjs's backend of a GPU.
 *
 * @param gpu Called at each use.
 */
export function registerGpuResample(
  backendName: string,
  { gpu }: { readonly gpu: () => Gpu },
): void {
  for (const name of ["sumOfFour", "fourTimes"] as const) {
    replaceGpuKernel(
      backendName,
      resampleKernels[name],
      ({ inputs: { x }, attrs: { scale } }: ResampleCall) =>
        resampleOn(gpu(), name, { x: x as Tensor, scale }),
    );
  }
}

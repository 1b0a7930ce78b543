import { FailureError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import type { Tensor, Tensor1D } from "../../core/tensors.ts";
import type { KernelCall } from "../../threads/wasm.ts";
import {
  CHANNELS_PER_SUM,
  GROUP_NORM_THREADS,
  groupNormSiluGradientShader,
  groupNormSiluShader,
  groupNormSumsShader,
  imageWorkgroups,
  MOST_PIXELS,
} from "../../ops/group_norm_silu/group_norm_silu_wgsl.ts";
import { GROUP_CHANNELS, groupNormSiluKernels } from "../../ops/group_norm_silu/name.ts";
import type { Gpu } from "./gpu.ts";
import { type DeviceLimits, programExcess } from "./limits.ts";
import { type ProgramSource, sizeOf } from "./programs.ts";
import { replaceGpuKernel } from "./replace_gpu_kernel.ts";

type Inputs = Readonly<Record<"x" | "scale" | "offset", Tensor>> & { readonly shift?: Tensor };

interface GroupNormCall extends KernelCall<"x" | "scale" | "offset", unknown> {
  readonly inputs: Inputs;
}

interface GroupNormGradCall extends KernelCall<"x" | "scale" | "offset", unknown> {
  readonly inputs: Inputs & Readonly<Record<"dy" | "mean" | "inverseStd", Tensor>>;
}

const valueProgram: ProgramSource = {
  name: "group norm",
  code: groupNormSiluShader,
  bindings: [
    ...["uniform", "read", "read", "read", "read"] as const,
    ...["readWrite", "readWrite", "readWrite"] as const,
  ],
  threads: GROUP_NORM_THREADS,
  workgroupBytes: 4 * GROUP_NORM_THREADS,
};

const gradientProgram: ProgramSource = {
  name: "group norm gradient",
  code: groupNormSiluGradientShader,
  bindings: [
    ...["uniform", "read", "read", "read", "read", "read", "read", "read"] as const,
    ...["readWrite", "readWrite", "readWrite"] as const,
  ],
  threads: GROUP_NORM_THREADS,
  workgroupBytes: 3 * 16 * GROUP_NORM_THREADS,
};

const sumsProgram: ProgramSource = {
  name: "group norm sums",
  code: groupNormSumsShader,
  bindings: ["uniform", "read", "readWrite", "readWrite"],
  threads: GROUP_NORM_THREADS,
  workgroupBytes: 2 * 4 * GROUP_NORM_THREADS,
};

/**
 * Sizes of a call, checked: the shaders trust them.
 *
 * @throws {FailureError} If an image has more pixels than the shaders take.
 * @throws {RangeError} If the sizes do not match.
 */
function sizesOf(name: string, { x, scale, offset, shift }: Inputs) {
  const [images, h, w, c] = x.shape as [number, number, number, number];
  const area = h * w;
  if (x.size === 0 || x.shape.length !== 4 || c % GROUP_CHANNELS !== 0) {
    throw new RangeError(
      `${name}: expected images with channels in groups of ${GROUP_CHANNELS}, got [${x.shape}]`,
    );
  }
  if (area > MOST_PIXELS) {
    throw new FailureError(
      `group norm on the GPU takes images of at most ${MOST_PIXELS} pixels, and these have ${h} x ${w}; ` +
        `use ${option("backend", "cpu")}`,
    );
  }
  if (scale.size !== c || offset.size !== c || (shift?.size ?? images * c) !== images * c) {
    throw new RangeError(
      `${name}: expected [${c}] scales and offsets and a shift of [${images}, ${c}], got ` +
        `[${scale.shape}], [${offset.shape}] and [${shift?.shape ?? ""}]`,
    );
  }
  return { images, area, c, groups: c / GROUP_CHANNELS };
}

/** y, mean and inverseStd in one dispatch. */
function valueOn(gpu: Gpu, inputs: Inputs): Tensor[] {
  const { x, scale, offset, shift } = inputs;
  const { images, area, groups } = sizesOf(groupNormSiluKernels.value, inputs);
  using job = gpu.upload(Uint32Array.of(images, area, groups, shift === undefined ? 0 : 1));
  const y = gpu.tensor(x.shape), mean = gpu.tensor([images, groups]);
  const inverseStd = gpu.tensor([images, groups]);
  const operands = [job, x, scale, offset, shift ?? scale, y, mean, inverseStd];
  gpu.record(gpu.program(valueProgram), operands, imageWorkgroups({ images, groups }));
  return [y, mean, inverseStd];
}

/** dx, dScale, dOffset and dShift in two dispatches. */
function gradientOn(gpu: Gpu, inputs: GroupNormGradCall["inputs"]): Tensor[] {
  const { dy, x, scale, offset, shift, mean, inverseStd } = inputs;
  const { images, area, c, groups } = sizesOf(groupNormSiluKernels.gradient, inputs);
  const statistics = images * groups;
  if (dy.size !== x.size || mean.size !== statistics || inverseStd.size !== statistics) {
    throw new RangeError(
      `${groupNormSiluKernels.gradient}: expected a cotangent of [${x.shape}] and statistics of ` +
        `[${images}, ${groups}], got [${dy.shape}], [${mean.shape}] and [${inverseStd.shape}]`,
    );
  }
  const dx = gpu.tensor(x.shape), dShift = gpu.tensor([images, c]);
  const dScale = gpu.tensor<Tensor1D>([c]), dOffset = gpu.tensor<Tensor1D>([c]);
  using shares = gpu.scratch(2 * 4 * images * c);
  using job = gpu.upload(Uint32Array.of(images, area, groups, shift === undefined ? 0 : 1));
  gpu.record(
    gpu.program(gradientProgram),
    [job, dy, x, scale, offset, shift ?? scale, mean, inverseStd, dx, dShift, shares],
    imageWorkgroups({ images, groups }),
  );
  using sums = gpu.upload(Uint32Array.of(images, c));
  gpu.record(
    gpu.program(sumsProgram),
    [sums, shares, dScale, dOffset],
    Math.ceil(c / CHANNELS_PER_SUM),
  );
  return [dx, dScale, dOffset, dShift];
}

/**
 * Registers group norm with SiLU and its VJP with tfjs's backend of a GPU. A device with too few bindings or
 * too little workgroup memory keeps the composed form.
 *
 * @param gpu Called at each use.
 */
export function registerGpuGroupNorm(
  backendName: string,
  { limits, gpu }: { readonly limits: DeviceLimits; readonly gpu: () => Gpu },
): void {
  if (programExcess(sizeOf(gradientProgram), limits).length > 0) return;
  const { value, gradient } = groupNormSiluKernels;
  replaceGpuKernel(backendName, value, ({ inputs }: GroupNormCall) => valueOn(gpu(), inputs));
  replaceGpuKernel(
    backendName,
    gradient,
    ({ inputs }: GroupNormGradCall) => gradientOn(gpu(), inputs),
  );
}

import * as tf from "../../core/tfjs/library.ts";
import type { Tensor } from "../../core/tensors.ts";
import type { KernelCall } from "../../threads/wasm.ts";
import type { Gpu } from "./gpu.ts";
import { replaceGpuKernel } from "./replace_gpu_kernel.ts";

/** tfjs's kernel, which takes all shapes and types. */
function tfjsKernel(
  name: "Slice" | "Concat",
  { inputs, attrs, backend }: KernelCall<string, unknown>,
) {
  return tf.getKernel(name, "webgpu").kernelFunc({
    inputs: inputs as tf.NamedTensorInfoMap,
    attrs: attrs as tf.NamedAttrMap,
    backend,
  }) as Tensor;
}

/** First number of a slice that is one piece of memory; null for others. */
function startOfRun(shape: readonly number[], begin: readonly number[], size: readonly number[]) {
  let start = 0, isInner = false;
  for (const [axis, extent] of shape.entries()) {
    start = start * extent + begin[axis]!;
    // Inside an axis of which it has more than one index, it must have all.
    if (isInner && size[axis] !== extent) return null;
    isInner ||= size[axis] !== 1;
  }
  return start;
}

interface SliceCall extends KernelCall<"x", object> {
  readonly inputs: { readonly x: Tensor };
  readonly attrs: { readonly begin: number | number[]; readonly size: number | number[] };
}

function sliceOn(gpu: Gpu, call: SliceCall): Tensor {
  const { inputs: { x }, attrs } = call;
  const [begin, size] = tf.slice_util.parseSliceParams(x, attrs.begin, attrs.size) as [
    number[],
    number[],
  ];
  const start = x.dtype === "float32" && !size.includes(0)
    ? startOfRun(x.shape, begin, size)
    : null;
  if (start === null) return tfjsKernel("Slice", call);
  tf.slice_util.assertParamsValid(x, begin, size);
  const part = gpu.tensor(size);
  gpu.copy(x, 4 * start, part);
  return part;
}

/** Arguments of Concat: its inputs are a list. */
interface ConcatCall extends KernelCall<never, { readonly axis: number }> {
  readonly inputs: Readonly<Record<string, Tensor>>;
}

function concatOn(gpu: Gpu, call: ConcatCall): Tensor {
  const { inputs, attrs } = call;
  const tensors = Object.values(inputs), { shape } = tensors[0]!;
  const [axis] = tf.util.parseAxisParam(attrs.axis, shape) as [number];
  const isOneRun = shape.slice(0, axis).every((extent) => extent === 1);
  if (!isOneRun || !tensors.every(({ dtype, size }) => dtype === "float32" && size > 0)) {
    return tfjsKernel("Concat", call);
  }
  const shapes = tensors.map(({ shape }) => shape);
  tf.backend_util.assertParamsConsistent(shapes, axis);
  const joined = gpu.tensor(tf.backend_util.computeOutShape(shapes, axis));
  let offset = 0;
  for (const part of tensors) {
    gpu.copyInto(part, joined, offset);
    offset += 4 * part.size;
  }
  return joined;
}

/**
 * Registers slices and concatenations that are one piece of memory with tfjs's backend of a GPU: copies,
 * which take no dispatch. A model's weights and their gradient are cut and joined in every training step.
 *
 * @param gpu Called at each use.
 */
export function registerGpuParts(
  backendName: string,
  { gpu }: { readonly gpu: () => Gpu },
): void {
  replaceGpuKernel(backendName, "Slice", (call: SliceCall) => sliceOn(gpu(), call));
  replaceGpuKernel(backendName, "Concat", (call: ConcatCall) => concatOn(gpu(), call));
}

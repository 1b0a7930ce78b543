import * as tf from "../../core/tfjs/library.ts";
import type { Tensor } from "../../core/tensors.ts";
import type { KernelCall } from "../../threads/wasm.ts";
import type { Gpu } from "./gpu.ts";
import {
  type Direction,
  NO_WORKGROUP,
  NUMBERS_PER_WORKGROUP,
  partsPerDispatch,
  partsProgram,
  WORDS_PER_PART,
} from "./parts_wgsl.ts";
import { replaceGpuKernel } from "./replace_gpu_kernel.ts";

/** tfjs's kernel, which takes all shapes and types. */
function tfjsKernel<Result extends Tensor | Tensor[]>(
  name: "Slice" | "Concat" | "SplitV",
  { inputs, attrs, backend }: KernelCall<string, unknown>,
): Result {
  return tf.getKernel(name, "webgpu").kernelFunc({
    inputs: inputs as tf.NamedTensorInfoMap,
    attrs: attrs as tf.NamedAttrMap,
    backend,
  }) as Result;
}

/** Fewer parts are copied one by one: commands that depend on each other, but shaders would have to be compiled. */
const LEAST_PARTS = 4;

/** Records the copies of a whole's parts, which lie in it one after another, to it or from it. */
function recordParts(
  gpu: Gpu,
  direction: Direction,
  { whole, parts }: { readonly whole: Tensor; readonly parts: readonly Tensor[] },
): void {
  const most = partsPerDispatch(gpu.limits);
  let place = 0;
  if (parts.length < LEAST_PARTS || most < LEAST_PARTS) {
    for (const part of parts) {
      if (direction === "join") gpu.copyInto(part, whole, 4 * place);
      else gpu.copy(whole, 4 * place, part);
      place += part.size;
    }
    return;
  }
  const program = gpu.program(partsProgram(direction, most));
  for (let first = 0; first < parts.length; first += most) {
    const bound = parts.slice(first, first + most);
    const job = new Uint32Array(WORDS_PER_PART * most);
    let workgroups = 0;
    for (let i = 0; i < most; i++) {
      const size = bound[i]?.size ?? 0;
      job.set([size === 0 ? NO_WORKGROUP : workgroups, size, place, 0], WORDS_PER_PART * i);
      workgroups += Math.ceil(size / NUMBERS_PER_WORKGROUP);
      place += size;
    }
    // What is only read may be bound twice, what is written may not.
    const missing = most - bound.length;
    using spares = new DisposableStack();
    const filler = direction === "join"
      ? Array<Tensor>(missing).fill(bound[0]!)
      : Array.from({ length: missing }, () => spares.use(gpu.scratch(4)));
    using uploaded = gpu.upload(job);
    gpu.record(program, [uploaded, whole, ...bound, ...filler], workgroups);
  }
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
  if (start === null) return tfjsKernel<Tensor>("Slice", call);
  tf.slice_util.assertParamsValid(x, begin, size);
  const part = gpu.tensor(size);
  gpu.copy(x, 4 * start, part);
  return part;
}

/** Arguments of Concat: its inputs are a list. */
interface ConcatCall extends KernelCall<never, { readonly axis: number }> {
  readonly inputs: Readonly<Record<string, Tensor>>;
}

/** Whether parts along an axis are runs of memory one after another. */
function areRuns(shape: readonly number[], axis: number): boolean {
  return shape.slice(0, axis).every((extent) => extent === 1);
}

function concatOn(gpu: Gpu, call: ConcatCall): Tensor {
  const { inputs, attrs } = call;
  const tensors = Object.values(inputs), { shape } = tensors[0]!;
  const [axis] = tf.util.parseAxisParam(attrs.axis, shape) as [number];
  const isPlain = tensors.every(({ dtype, size }) => dtype === "float32" && size > 0);
  if (!areRuns(shape, axis) || !isPlain) return tfjsKernel<Tensor>("Concat", call);
  const shapes = tensors.map(({ shape }) => shape);
  tf.backend_util.assertParamsConsistent(shapes, axis);
  const joined = gpu.tensor(tf.backend_util.computeOutShape(shapes, axis));
  recordParts(gpu, "join", { whole: joined, parts: tensors });
  return joined;
}

interface SplitCall extends KernelCall<"x", object> {
  readonly inputs: { readonly x: Tensor };
  readonly attrs: { readonly numOrSizeSplits: number | number[]; readonly axis: number };
}

function splitOn(gpu: Gpu, call: SplitCall): Tensor[] {
  const { inputs: { x }, attrs } = call, { shape, dtype } = x;
  const [axis] = tf.util.parseAxisParam(attrs.axis, shape) as [number];
  const sizes = tf.backend_util.prepareSplitSize(x, attrs.numOrSizeSplits, axis);
  const isPlain = dtype === "float32" && x.size > 0 && !sizes.includes(0);
  if (!areRuns(shape, axis) || !isPlain) return tfjsKernel<Tensor[]>("SplitV", call);
  const parts = sizes.map((size) => gpu.tensor(shape.with(axis, size)));
  recordParts(gpu, "cut", { whole: x, parts });
  return parts;
}

/**
 * Registers slices, splits and concatenations of what is one piece of memory with tfjs's backend of a GPU: copies, which
 * take no dispatch, or dispatches that copy many parts each. A model's weights and their gradient are cut and joined in
 * every training step; a copy by command waits for the one before.
 *
 * @param gpu Called at each use.
 */
export function registerGpuParts(
  backendName: string,
  { gpu }: { readonly gpu: () => Gpu },
): void {
  replaceGpuKernel(backendName, "Slice", (call: SliceCall) => sliceOn(gpu(), call));
  replaceGpuKernel(backendName, "SplitV", (call: SplitCall) => splitOn(gpu(), call));
  replaceGpuKernel(backendName, "Concat", (call: ConcatCall) => concatOn(gpu(), call));
}

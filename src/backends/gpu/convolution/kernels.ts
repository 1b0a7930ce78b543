import * as tf from "../../../core/tfjs/library.ts";
import type { Tensor } from "../../../core/tensors.ts";
import { CONV2D_PARAMETER_GRADIENT } from "../../../ops/convolution/convolution.ts";
import { RESIDUAL_CONV2D } from "../../../ops/convolution/conv2d.ts";
import {
  type ConvAttributes,
  type Geometry,
  geometryOf,
  type Shape4D,
} from "../../../ops/convolution/geometry.ts";
import { RELU_GRADIENT } from "../../../ops/relu_gradient/cpu.ts";
import {
  gatherSteps,
  MOST_NUMBERS,
  MOST_STEPS,
  type ProductDevice,
  recordFilterGradient,
  recordGather,
  recordPixelSums,
} from "./products.ts";

/** tfjs's own backend, whose kernels take what ours do not. */
const STOCK = "webgpu";

/** A call of a kernel by tfjs. */
export interface Call<Attributes> {
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly attrs: Attributes;
  readonly backend: unknown;
}

/**
 * Calls tfjs's own kernel.
 *
 * @throws {RangeError} If tfjs has none, as for Fluxion's operations.
 */
export function stockKernel(name: string, call: Call<unknown>): tf.TensorInfo {
  // Undefined where there is none, whatever its type says.
  const kernel = tf.getKernel(name, STOCK) as ReturnType<typeof tf.getKernel> | undefined;
  if (kernel === undefined) throw notTaken(name, call);
  return kernel.kernelFunc(call as unknown as Parameters<tf.KernelFunc>[0]) as tf.TensorInfo;
}

/** The error of a call that neither our shaders nor tfjs take. */
function notTaken(name: string, { inputs }: Call<unknown>): RangeError {
  const shapes = Object.entries(inputs).filter(([, tensor]) => tensor)
    .map(([input, { dtype, shape }]) => `${input} ${dtype} [${shape}]`);
  return new RangeError(`${name}: the GPU's shaders do not take ${shapes.join(", ")}`);
}

type ValuesCall = Call<ConvAttributes & { readonly activation?: string }>;

/**
 * The geometry of a convolution that our shaders take: float32, NHWC, no dilation, one stride of 1 or 2 for both
 * axes, and sizes within the limits of indices and loops. Null if they do not.
 */
function supported(
  { inputs, attrs }: Call<ConvAttributes>,
  { name, input, filter }: {
    readonly name: string;
    readonly input: readonly number[];
    readonly filter: readonly number[];
  },
): Geometry | null {
  const isFloat = Object.values(inputs).every((tensor) => !tensor || tensor.dtype === "float32");
  const isPlain = attrs.dataFormat === "NHWC" &&
    [attrs.dilations ?? 1].flat().every((dilation) => dilation === 1);
  const sizes = [...input, ...filter];
  if (!isFloat || !isPlain || sizes.length !== 8 || sizes.includes(0)) return null;
  const geometry = geometryOf(name, [...input], [...filter], attrs);
  const { strides: [sh, sw] } = geometry;
  if (sh !== sw || sh > 2) return null;
  const numbers = [geometry.input, geometry.output, filter].map((shape) =>
    tf.util.sizeFromShape([...shape])
  );
  if (numbers.some((count) => count > MOST_NUMBERS)) return null;
  const steps = (["values", "inputGradient"] as const).map((kind) => gatherSteps(kind, geometry));
  return Math.max(...steps) > MOST_STEPS ? null : geometry;
}

/** Conv2D, FusedConv2D and {@link RESIDUAL_CONV2D}. */
function values(device: ProductDevice, name: string, call: ValuesCall): tf.TensorInfo {
  const { inputs: { x, filter, bias, residual }, attrs: { activation = "linear" } } = call;
  const geometry = supported(call, { name, input: x!.shape, filter: filter!.shape });
  const isKnown = (activation === "linear" || activation === "relu") &&
    (!bias || name === RESIDUAL_CONV2D || bias.shape.length === 1) &&
    (!bias || bias.shape.at(-1) === filter!.shape[3]) &&
    !("preluActivationWeights" in call.inputs && call.inputs.preluActivationWeights);
  if (geometry === null || !isKnown) return stockKernel(name, call);
  const out = device.gpu.tensor(geometry.output);
  recordGather(device, {
    ...{ kind: "values", geometry, source: x!, filter: filter!, out },
    epilogue: {
      bias: bias ?? undefined,
      residual: residual ?? undefined,
      activation: activation === "relu" ? "relu" : undefined,
    },
  });
  return out;
}

function inputGradient(
  device: ProductDevice,
  call: Call<ConvAttributes & { readonly inputShape: Shape4D }>,
): tf.TensorInfo {
  const name = "Conv2DBackpropInput";
  const { inputs: { dy, filter }, attrs: { inputShape } } = call;
  const geometry = supported(call, { name, input: inputShape, filter: filter!.shape });
  if (geometry === null) return stockKernel(name, call);
  const out = device.gpu.tensor(geometry.input);
  recordGather(device, {
    ...{ kind: "inputGradient", geometry, source: dy!, filter: filter!, out },
  });
  return out;
}

type FilterCall = Call<ConvAttributes & { readonly filterShape: Shape4D }>;

function filterGradient(device: ProductDevice, call: FilterCall): tf.TensorInfo {
  const name = "Conv2DBackpropFilter";
  const { inputs: { x, dy }, attrs: { filterShape } } = call;
  const geometry = supported(call, { name, input: x!.shape, filter: filterShape });
  if (geometry === null) return stockKernel(name, call);
  const dFilter = device.gpu.tensor(filterShape);
  recordFilterGradient(device, { geometry, x: x!, dy: dy!, dFilter, dBias: null });
  return dFilter;
}

/** {@link CONV2D_PARAMETER_GRADIENT}, which tfjs lacks. */
function parameterGradient(device: ProductDevice, call: FilterCall): tf.TensorInfo[] {
  const name = CONV2D_PARAMETER_GRADIENT;
  const { inputs: { x, dy }, attrs: { filterShape } } = call;
  const geometry = supported(call, { name, input: x!.shape, filter: filterShape });
  if (geometry === null) throw notTaken(name, call);
  const dFilter = device.gpu.tensor(filterShape);
  const dBias = device.gpu.tensor([geometry.output[3]]);
  recordFilterGradient(device, { geometry, x: x!, dy: dy!, dFilter, dBias });
  return [dFilter, dBias];
}

function reluGradient(
  device: ProductDevice,
  { inputs: { dy, y }, attrs: { perImage } }: Call<{ readonly perImage: boolean }>,
): tf.TensorInfo[] {
  const shape = dy!.shape as Shape4D;
  const dx = device.gpu.tensor(shape);
  const sums = device.gpu.tensor(perImage ? [shape[0], shape[3]] : [shape[3]]);
  const relu = { mask: y!, masked: dx };
  recordPixelSums(device, { shape, cotangent: dy!, relu, sums, perImage });
  return [dx, sums];
}

/** Our kernels of convolutions by their names in tfjs. */
export const convolutionKernels: Readonly<
  Record<string, (device: ProductDevice, call: never) => tf.TensorInfo | tf.TensorInfo[]>
> = {
  ...Object.fromEntries(["Conv2D", "FusedConv2D", RESIDUAL_CONV2D].map((name) => [
    name,
    (device: ProductDevice, call: ValuesCall) => values(device, name, call),
  ])),
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
  [CONV2D_PARAMETER_GRADIENT]: parameterGradient,
  [RELU_GRADIENT]: reluGradient,
};

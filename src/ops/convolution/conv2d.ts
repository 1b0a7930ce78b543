import type * as tf from "@tensorflow/tfjs";
import { partsOfSum, ranges } from "../../threads/ranges.ts";
import type { KernelThreads } from "../../threads/kernel_threads.ts";
import type { ConvolutionKernels } from "./kernels.ts";
import type { MatmulKernels } from "../matmul/kernels.ts";
import type { ElementwiseKernels } from "../elementwise/kernels.ts";
import {
  addressOf,
  callWasmKernel,
  type KernelCall,
  type WasmBackend,
} from "../../threads/wasm.ts";
import { type ActivationCall, finished, isSeparate } from "../activation.ts";
import { inParts } from "../elementwise/sum_parts.ts";
import { productOverRows } from "../matmul/product_over_rows.ts";
import { type ConvAttributes, type Geometry, geometryOf, type Shape4D } from "./geometry.ts";
import { withWinogradFilter } from "./winograd_filter.ts";

/** Kernels used in this file. */
type Kernels = KernelThreads<ConvolutionKernels & MatmulKernels & ElementwiseKernels>;

/**
 * tfjs name of a Fluxion kernel: FusedConv2D that allows a bias per image, [n, out], and adds a
 * residual with the output's shape before the activation.
 */
export const RESIDUAL_CONV2D = "FluxionConv2D";

/** Arguments of the convolutions; Conv2D has no bias and no activation. */
export interface ConvCall
  extends KernelCall<"x" | "filter", ConvAttributes & ActivationCall["attrs"]> {
  readonly inputs: {
    readonly x: tf.TensorInfo;
    readonly filter: tf.TensorInfo;
    readonly bias?: tf.TensorInfo;
    readonly residual?: tf.TensorInfo;
    readonly preluActivationWeights?: tf.TensorInfo;
  };
}

/** Arguments of Conv2DBackpropFilter. */
export type FilterGradientCall = KernelCall<
  "x" | "dy",
  ConvAttributes & { readonly filterShape: Shape4D }
>;

/** Arguments of Conv2DBackpropInput. */
export type InputGradientCall = KernelCall<
  "dy" | "filter",
  ConvAttributes & { readonly inputShape: Shape4D }
>;

/**
 * Convolution with bias and activation: a matrix product for 1x1, Winograd for suitable 3x3, else a
 * product with the unfolded input (im2col).
 *
 * @param name Name of the tfjs kernel, which handles unsupported cases.
 * @throws {RangeError} If the images are not NHWC or are empty.
 */
export function conv2d(
  simd: Kernels,
  name: "Conv2D" | "FusedConv2D" | typeof RESIDUAL_CONV2D,
  call: ConvCall,
): tf.TensorInfo {
  const { inputs: { x, filter, bias, residual }, attrs, backend } = call;
  const { activation = "linear" } = attrs;
  const [, , , cout] = filter.shape as Shape4D;
  const isFloat = x.dtype === "float32" && filter.dtype === "float32";
  const isOfColumns = bias == null || name === RESIDUAL_CONV2D ||
    bias.shape.length === 1 && bias.shape[0] === cout;
  if (isFloat && (isSeparate(activation) || !isOfColumns)) {
    const { bias: _, ...without } = call.inputs, inputs = isOfColumns ? call.inputs : without;
    const sums = conv2d(simd, name, { inputs, attrs: { ...attrs, activation: "linear" }, backend });
    return finished(sums, isOfColumns ? undefined : bias, call);
  }
  const dilations = [attrs.dilations ?? 1].flat();
  if (isFloat && dilations.some((dilation) => dilation !== 1)) {
    const spread = spreadFilter(backend, filter, dilations);
    try {
      const inputs = { ...call.inputs, filter: spread };
      return conv2d(simd, name, { inputs, attrs: { ...attrs, dilations: 1 }, backend });
    } finally {
      backend.disposeData(spread.dataId);
    }
  }
  if (!isFloat) return callWasmKernel(backend, name, { ...call.inputs }, attrs);
  const geometry = geometryOf(name, x.shape, filter.shape, attrs);
  const relu = activation === "relu";
  return convolve(simd, backend, { x, filter, bias, residual, relu }, geometry);
}

/**
 * A filter with zeros between its taps: a dilated convolution with it needs no dilation. tfjs's own kernel
 * writes outside of its tensors where a dilated filter does not fit into an image.
 */
function spreadFilter(
  backend: WasmBackend,
  filter: tf.TensorInfo,
  dilations: readonly number[],
): tf.TensorInfo {
  const [height, width, cin, cout] = filter.shape as Shape4D;
  const down = dilations[0]!, right = dilations.at(-1)!, tap = cin * cout;
  const spread = [(height - 1) * down + 1, (width - 1) * right + 1, cin, cout];
  const out = backend.makeOutput(spread, "float32");
  const from = backend.typedArrayFromHeap(filter), to = backend.typedArrayFromHeap(out);
  to.fill(0);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      const at = (i * width + j) * tap;
      to.set(from.subarray(at, at + tap), (i * down * spread[1]! + j * right) * tap);
    }
  }
  return out;
}

interface Operands {
  readonly x: tf.TensorInfo;
  readonly filter: tf.TensorInfo;
  /** [out] or [n, out]. */
  readonly bias?: tf.TensorInfo;
  /** [n, h, w, out], the output's shape. */
  readonly residual?: tf.TensorInfo;
  readonly relu: boolean;
}

function convolve(
  simd: Kernels,
  backend: WasmBackend,
  { x, filter, bias, residual, relu }: Operands,
  geometry: Geometry,
): tf.TensorInfo {
  const { input: [n, h, w, cin], output: [, oh, ow, cout], kernel, strides, pads } = geometry;
  const out = backend.makeOutput([n, oh, ow, cout], "float32");
  const at = (tensor: tf.TensorInfo | undefined) =>
    tensor === undefined || tensor === null ? 0 : addressOf(backend, tensor);
  const added = at(residual);
  // A bias per image is applied image by image.
  const perImage = bias?.shape.length === 2;
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const [inputBytes, outputBytes] = [h * w * cin * bytes, oh * ow * cout * bytes];
  const work = workOf(geometry);
  const jobs = ranges(n, perImage ? n : simd.pieces(work)).map(
    ({ first, count }) => ({
      images: count,
      from: at(x) + first * inputBytes,
      offset: at(bias) + (perImage ? first * cout * bytes : 0),
      residual: added === 0 ? 0 : added + first * outputBytes,
      to: at(out) + first * outputBytes,
    }),
  );
  const weights = at(filter), positive = Number(relu), { wide } = simd;
  if (isPointwise(geometry)) {
    simd.runWithScratch(
      "gemm",
      simd.kernels.gemmScratch(cout, cin),
      jobs.map(({ images, from, offset, residual, to }) => [
        ...[wide, 0, 0, images * h * w, cout, cin] as const,
        ...[from, weights, offset, residual, positive, to] as const,
      ]),
      work,
    );
    return out;
  }
  if (usesWinograd(geometry)) {
    withWinogradFilter(
      ...[simd, backend, { at: weights, turn: 0, cin, cout }] as const,
      (u) =>
        simd.runWithScratch(
          "winograd",
          simd.kernels.winogradScratch(cin, cout),
          jobs.map(({ images, from, offset, residual, to }) => [
            ...[wide, images, h, w, cin, cout] as const,
            ...[from, u, offset, residual, positive, to] as const,
          ]),
          work,
        ),
    );
    return out;
  }
  const sizes = [h, w, cin, ...kernel, oh, ow, cout] as const;
  const taps = kernel[0] * kernel[1];
  // ReLU must follow the residual.
  const early = added === 0 ? positive : 0;
  if (isNarrow(geometry)) {
    simd.runWithScratch(
      "convNarrow",
      simd.kernels.convNarrowScratch(h * w, cin, taps * cout),
      jobs.map(({ images, from, offset, to }) => [
        ...[wide, images, ...sizes, ...pads, from, weights, offset, early, to] as const,
      ]),
      work,
    );
  } else {
    simd.runWithScratch(
      "conv",
      simd.kernels.convScratch(taps * cin, cout),
      jobs.map(({ images, from, offset, to }) => [
        ...[wide, images, ...sizes, ...strides, ...pads] as const,
        ...[from, weights, offset, early, to] as const,
      ]),
      work,
    );
  }
  if (added !== 0) {
    simd.run(
      "addTo",
      simd.elementRanges(n * oh * ow * cout).map(({ first, count }) => [
        ...[count, added + bytes * first, positive, at(out) + bytes * first] as const,
      ]),
    );
  }
  return out;
}

/** Multiply-adds of a direct convolution. */
function workOf({ input, output: [n, oh, ow, cout], kernel }: Geometry): number {
  return n * oh * ow * cout * kernel[0] * kernel[1] * input[3];
}

/** Cost of unfolding a row of inputs for one output pixel, in multiply-adds. */
const UNFOLDING_WORK = 500;

/** Whether each output pixel is the product of one input pixel with the filter. */
function isPointwise({ input, output, kernel, strides, pads }: Geometry): boolean {
  return [...kernel, ...strides].every((extent) => extent === 1) &&
    pads.every((pad) => pad === 0) && input[1] === output[1] && input[2] === output[2];
}

/** Whether Winograd applies: 3x3, same size, and enough channels to be faster. */
function usesWinograd({ input, output, kernel, strides, pads }: Geometry): boolean {
  return kernel.every((extent) => extent === 3) &&
    [...strides, ...pads].every((extent) => extent === 1) &&
    input[1] === output[1] && input[2] === output[2] &&
    [input[3], output[3]].every((channels) => channels % 4 === 0 && channels >= 8);
}

/** Whether the output has so few channels that products with every tap beat tiles. */
function isNarrow({ input, output, strides }: Geometry): boolean {
  return strides.every((stride) => stride === 1) && output[3] <= 3 && input[3] >= 4;
}

/**
 * Gradient of a convolution with respect to its filter, [kh, kw, cin, cout], which tfjs's
 * WebAssembly backend lacks.
 *
 *   dw[i, j, c, o] = sum over n, h, w of x[n, h s + i - p, w s + j - p, c] dy[n, h, w, o]
 *
 * @throws {RangeError} If the images are not NHWC or are empty.
 */
export function conv2dBackpropFilter(
  simd: Kernels,
  call: FilterGradientCall,
): tf.TensorInfo {
  const { inputs: { x, dy }, attrs, backend } = call;
  const geometry = geometryOf("Conv2DBackpropFilter", x.shape, attrs.filterShape, attrs);
  const { input: [n, h, w, cin], output: [, , , cout], kernel, strides, pads } = geometry;
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  if (isPointwise(geometry)) {
    const out = backend.makeOutput(attrs.filterShape, "float32");
    productOverRows(simd, n * h * w, [cin, cout], [at(x), at(dy), at(out)]);
    return out;
  }
  if (usesWinograd(geometry)) {
    const out = backend.makeOutput(attrs.filterShape, "float32");
    const parts = ranges(n, partsOfSum(n, workOf(geometry)));
    inParts(
      simd,
      { count: parts.length, size: 9 * cin * cout, out: at(out) },
      (partAt) =>
        simd.runWithScratch(
          "winogradFilterGradient",
          simd.kernels.winogradScratch(cin, cout),
          parts.map(({ first, count }, part) => [
            ...[simd.wide, count, h, w, cin, cout, at(x) + first * h * w * cin * bytes] as const,
            ...[at(dy) + first * h * w * cout * bytes, partAt(part)] as const,
          ]),
        ),
    );
    return out;
  }
  const narrow = cout < cin && strides.every((stride) => stride === 1) &&
    pads.every((pad, axis) => pad < kernel[axis]!);
  if (!narrow) return filterGradient(simd, backend, { x, dy }, geometry);
  // With exchanged roles, the same sum unfolds dy, which has fewer channels.
  const swapped = filterGradient(simd, backend, { x: dy, dy: x }, {
    ...geometry,
    input: geometry.output,
    output: geometry.input,
    pads: [kernel[0] - 1 - pads[0], kernel[1] - 1 - pads[1]],
  });
  const filter = flipFilter(backend, swapped);
  backend.disposeData(swapped.dataId);
  return filter;
}

function filterGradient(
  simd: Kernels,
  backend: WasmBackend,
  { x, dy }: { readonly x: tf.TensorInfo; readonly dy: tf.TensorInfo },
  geometry: Geometry,
): tf.TensorInfo {
  const { input: [n, h, w, cin], output: [, oh, ow, cout], kernel, strides, pads } = geometry;
  const taps = kernel[0] * kernel[1] * cin;
  const out = backend.makeOutput([...kernel, cin, cout], "float32");
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const work = workOf(geometry) + UNFOLDING_WORK * n * oh * ow * kernel[0];
  const parts = ranges(n, partsOfSum(n, work));
  inParts(
    simd,
    { count: parts.length, size: taps * cout, out: at(out) },
    (partAt) =>
      simd.runWithScratch(
        "convFilterGradient",
        simd.kernels.convScratch(taps, cout),
        parts.map(({ first, count }, part) => [
          ...[simd.wide, count, h, w, cin, ...kernel, oh, ow, cout, ...strides, ...pads] as const,
          ...[at(x) + first * h * w * cin * bytes] as const,
          ...[at(dy) + first * oh * ow * cout * bytes, partAt(part)] as const,
        ]),
      ),
  );
  return out;
}

/**
 * Gradient of a convolution with respect to its input: the convolution of dy, with zeros between
 * rows and columns if the stride is not 1, with the filter rotated by 180 degrees.
 *
 * @throws {RangeError} If the images are not NHWC or are empty, or the padding is wider than the
 *   filter.
 */
export function conv2dBackpropInput(
  simd: Kernels,
  call: InputGradientCall,
): tf.TensorInfo {
  const { inputs: { dy, filter }, attrs, backend } = call;
  const name = "Conv2DBackpropInput";
  const geometry = geometryOf(name, attrs.inputShape, filter.shape, attrs);
  const { input, output, kernel: [kh, kw], strides: [sh, sw], pads: [ph, pw] } = geometry;
  const [n, h, w, cin] = input;
  const [, oh, ow, cout] = output;
  if (ph >= kh || pw >= kw) {
    throw new RangeError(
      `${name}: the padding ${JSON.stringify(attrs.pad)} is wider than the ${kh}x${kw} filter`,
    );
  }
  const at = (tensor: tf.TensorInfo) => addressOf(backend, tensor);
  const bytes = Float32Array.BYTES_PER_ELEMENT;
  const jobs = ranges(n, simd.pieces(workOf(geometry))).map(({ first, count }) => ({
    images: count,
    from: at(dy) + first * oh * ow * cout * bytes,
    at: first * h * w * cin * bytes,
  }));
  if (isPointwise(geometry)) {
    const out = backend.makeOutput(input, "float32");
    simd.runWithScratch(
      "gemm",
      simd.kernels.gemmScratch(cin, cout),
      jobs.map((job) => [
        ...[simd.wide, 0, 1, job.images * h * w, cin, cout, job.from, at(filter)] as const,
        ...[0, 0, 0, at(out) + job.at] as const,
      ]),
    );
    return out;
  }
  if (usesWinograd(geometry)) {
    const out = backend.makeOutput(input, "float32");
    withWinogradFilter(
      ...[simd, backend, { at: at(filter), turn: 1, cin: cout, cout: cin }] as const,
      (u) =>
        simd.runWithScratch(
          "winograd",
          simd.kernels.winogradScratch(cout, cin),
          jobs.map((job) => [
            ...[simd.wide, job.images, h, w, cout, cin, job.from, u] as const,
            ...[0, 0, 0, at(out) + job.at] as const,
          ]),
        ),
    );
    return out;
  }
  const x = sh === 1 && sw === 1 ? dy : spreadOut(backend, dy, [sh, sw]);
  const turned = flipFilter(backend, filter);
  const out = convolve(simd, backend, { x, filter: turned, relu: false }, {
    input: [n, (oh - 1) * sh + 1, (ow - 1) * sw + 1, cout],
    output: input,
    kernel: [kh, kw],
    strides: [1, 1],
    pads: [kh - 1 - ph, kw - 1 - pw],
  });
  backend.disposeData(turned.dataId);
  if (x !== dy) backend.disposeData(x.dataId);
  return out;
}

/** Rotates a filter [kh, kw, a, b] by 180 degrees and swaps its channels: [kh, kw, b, a]. */
export function flipFilter(backend: WasmBackend, filter: tf.TensorInfo): tf.TensorInfo {
  const [kh, kw, a, b] = filter.shape as Shape4D;
  const out = backend.makeOutput([kh, kw, b, a], "float32");
  const from = backend.typedArrayFromHeap(filter), to = backend.typedArrayFromHeap(out);
  const last = kh * kw - 1;
  for (let tap = 0; tap <= last; tap++) {
    const source = (last - tap) * a * b, target = tap * a * b;
    for (let i = 0; i < a; i++) {
      for (let j = 0; j < b; j++) to[target + j * a + i] = from[source + i * b + j]!;
    }
  }
  return out;
}

/** Inserts `strides - 1` rows and columns of zeros between those of dy [n, h, w, c]. */
function spreadOut(
  backend: WasmBackend,
  dy: tf.TensorInfo,
  [sh, sw]: readonly [number, number],
): tf.TensorInfo {
  const [n, h, w, c] = dy.shape as Shape4D;
  const height = (h - 1) * sh + 1, width = (w - 1) * sw + 1;
  const out = backend.makeOutput([n, height, width, c], "float32");
  const from = backend.typedArrayFromHeap(dy), to = backend.typedArrayFromHeap(out);
  to.fill(0);
  for (let image = 0, read = 0; image < n; image++) {
    for (let row = 0; row < h; row++) {
      for (let column = 0; column < w; column++, read += c) {
        const at = ((image * height + row * sh) * width + column * sw) * c;
        to.set(from.subarray(read, read + c), at);
      }
    }
  }
  return out;
}

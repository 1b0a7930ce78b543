import * as tf from "@tensorflow/tfjs";
import { callWasmKernel, type KernelCall, type WasmBackend, withPart } from "./wasm.ts";

interface ConvAttributes {
  readonly strides: number | [number, number];
  readonly pad: "valid" | "same" | number | tf.backend_util.ExplicitPadding;
  readonly dataFormat: "NHWC" | "NCHW";
  readonly dimRoundingMode?: "floor" | "round" | "ceil";
}
type Shape4D = [number, number, number, number];

/** What the two gradients need to know about a convolution; images are NHWC. */
interface Geometry {
  readonly input: Shape4D;
  readonly output: Shape4D;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  /** Rows above and columns to the left that the convolution pads the input with. */
  readonly pads: readonly [number, number];
}

/**
 * How many numbers of the unfolded input are made at a time: 1 MB stays in a core's
 * cache. At 32 filters, 28x28 and batch 64, half to four times as much are as fast, the
 * whole at once is slower by a tenth and takes 58 MB.
 */
const UNFOLDED_NUMBERS = 1 << 18;

/**
 * Gradient of a convolution for its filter, [kh, kw, cin, cout]; tfjs's WebAssembly
 * backend has none.
 *
 *   dw[i, j, c, o] = sum over n, h, w of x[n, h s + i - p, w s + j - p, c] dy[n, h, w, o]
 *
 * With the batch innermost, a row of x shifted by a tap is one run of memory: rows are
 * unfolded by block copies, and the sum is a matrix product.
 *
 * @throws {RangeError} If the images are not NHWC.
 */
export function conv2dBackpropFilter(
  call: KernelCall<"x" | "dy", ConvAttributes & { filterShape: Shape4D }>,
): tf.TensorInfo {
  const { inputs: { x, dy }, attrs, backend } = call;
  const geometry = geometryOf("Conv2DBackpropFilter", x.shape, attrs.filterShape, attrs);
  const [kh, kw] = geometry.kernel;
  const [sh, sw] = geometry.strides;
  const [ph, pw] = geometry.pads;
  const [cin, cout] = [x.shape[3]!, dy.shape[3]!];
  if (cout < cin && sh === 1 && sw === 1 && ph < kh && pw < kw) {
    // The same sum with the roles exchanged unfolds dy, which has fewer channels.
    const swapped = filterGradient(backend, dy, x, {
      ...geometry,
      input: geometry.output,
      output: geometry.input,
      pads: [kh - 1 - ph, kw - 1 - pw],
    });
    const filter = flipFilter(backend, swapped);
    backend.disposeData(swapped.dataId);
    return filter;
  }
  return filterGradient(backend, x, dy, geometry);
}

function filterGradient(
  backend: WasmBackend,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  { input, output, kernel: [kh, kw], strides: [sh, sw], pads: [ph, pw] }: Geometry,
): tf.TensorInfo {
  const [n, , , cin] = input;
  const [, oh, ow, cout] = output;
  // Rows and columns of the padded input that some tap reads.
  const [height, width] = [(oh - 1) * sh + kh, (ow - 1) * sw + kw];
  const padded = padOrCrop(backend, x, [ph, pw], [height, width]);
  const columns = callWasmKernel(backend, "Transpose", { x: padded }, { perm: [3, 1, 2, 0] });
  if (padded !== x) backend.disposeData(padded.dataId);
  const cotangent = callWasmKernel(backend, "Transpose", { x: dy }, { perm: [1, 2, 0, 3] });

  const taps = kh * kw * cin;
  const rowNumbers = ow * n;
  const rowsAtOnce = Math.min(oh, Math.max(1, Math.floor(UNFOLDED_NUMBERS / (taps * rowNumbers))));
  const totals = new Float64Array(taps * cout);
  for (let first = 0; first < oh; first += rowsAtOnce) {
    const rows = Math.min(rowsAtOnce, oh - first);
    const unfolded = backend.makeOutput([taps, rows * rowNumbers], "float32");
    unfold(backend.typedArrayFromHeap(columns), backend.typedArrayFromHeap(unfolded), {
      channels: cin,
      size: [height, width],
      batch: n,
      kernel: [kh, kw],
      strides: [sh, sw],
      rows: [first, first + rows],
      outputWidth: ow,
    });
    const part = { start: first * rowNumbers * cout, shape: [rows * rowNumbers, cout] };
    const plain = { transposeA: false, transposeB: false };
    const product = withPart(
      backend,
      cotangent,
      part,
      (b) => callWasmKernel(backend, "BatchMatMul", { a: unfolded, b }, plain),
    );
    const values = backend.typedArrayFromHeap(product);
    for (let k = 0; k < totals.length; k++) totals[k]! += values[k]!;
    backend.disposeData(product.dataId);
    backend.disposeData(unfolded.dataId);
  }
  backend.disposeData(columns.dataId);
  backend.disposeData(cotangent.dataId);
  const out = backend.makeOutput([kh, kw, cin, cout], "float32");
  backend.typedArrayFromHeap(out).set(totals);
  return out;
}

/**
 * Copies, for each tap (i, j) and channel, the inputs that it meets along the output rows
 * `rows`: `to` is [kh, kw, channels, rows, outputWidth, batch], `from` [channels, ...size, batch].
 */
function unfold(from: Float32Array, to: Float32Array, shape: {
  readonly channels: number;
  readonly size: readonly [number, number];
  readonly batch: number;
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly rows: readonly [number, number];
  readonly outputWidth: number;
}): void {
  const { channels, size: [height, width], batch, outputWidth } = shape;
  const { kernel: [kh, kw], strides: [sh, sw], rows: [first, end] } = shape;
  // With stride 1 a whole output row meets one run of memory.
  const runs = sw === 1 ? 1 : outputWidth;
  const run = outputWidth * batch / runs;
  let written = 0;
  for (let i = 0; i < kh; i++) {
    for (let j = 0; j < kw; j++) {
      for (let c = 0; c < channels; c++) {
        for (let row = first; row < end; row++) {
          let read = ((c * height + row * sh + i) * width + j) * batch;
          for (let k = 0; k < runs; k++, read += sw * batch, written += run) {
            to.set(from.subarray(read, read + run), written);
          }
        }
      }
    }
  }
}

/**
 * Gradient of a convolution for its input: the convolution of dy, with zeros between its
 * rows and columns where the stride is not 1, with the filter turned by 180 degrees.
 *
 * tfjs's own is a plain loop: 800 ms where the convolution takes 20.
 *
 * @throws {RangeError} If the images are not NHWC, or the padding is wider than the filter.
 */
export function conv2dBackpropInput(
  call: KernelCall<"dy" | "filter", ConvAttributes & { inputShape: Shape4D }>,
): tf.TensorInfo {
  const { inputs: { dy, filter }, attrs, backend } = call;
  const name = "Conv2DBackpropInput";
  const { input, output, kernel: [kh, kw], strides: [sh, sw], pads: [ph, pw] } = geometryOf(
    name,
    attrs.inputShape,
    filter.shape,
    attrs,
  );
  const [, height, width] = input;
  const [, oh, ow] = output;
  const spreadHeight = (oh - 1) * sh + 1, spreadWidth = (ow - 1) * sw + 1;
  const top = kh - 1 - ph, left = kw - 1 - pw;
  const bottom = height + kh - 1 - spreadHeight - top;
  const right = width + kw - 1 - spreadWidth - left;
  if (Math.min(top, left, bottom, right) < 0) {
    throw new RangeError(
      `${name}: the padding ${JSON.stringify(attrs.pad)} is wider than the ${kh}x${kw} filter`,
    );
  }
  const spread = sh === 1 && sw === 1 ? dy : spreadOut(backend, dy, [sh, sw]);
  const turned = flipFilter(backend, filter);
  const out = callWasmKernel(backend, "Conv2D", { x: spread, filter: turned }, {
    strides: [1, 1],
    dilations: [1, 1],
    pad: [[0, 0], [top, bottom], [left, right], [0, 0]],
    dataFormat: "NHWC",
  });
  backend.disposeData(turned.dataId);
  if (spread !== dy) backend.disposeData(spread.dataId);
  return out;
}

function geometryOf(
  name: string,
  input: number[],
  filter: number[],
  attrs: ConvAttributes,
): Geometry {
  if (attrs.dataFormat !== "NHWC") {
    throw new RangeError(`${name}: expected NHWC images, got ${attrs.dataFormat}`);
  }
  const info = tf.backend_util.computeConv2DInfo(
    input as Shape4D,
    filter as Shape4D,
    attrs.strides,
    1, // tfjs has no gradient of a dilated convolution
    attrs.pad,
    attrs.dimRoundingMode,
  );
  return {
    input: info.inShape,
    output: info.outShape,
    kernel: [info.filterHeight, info.filterWidth],
    strides: [info.strideHeight, info.strideWidth],
    pads: [info.padInfo.top, info.padInfo.left],
  };
}

/** Turns a filter [kh, kw, a, b] by 180 degrees and exchanges its channels: [kh, kw, b, a]. */
function flipFilter(backend: WasmBackend, filter: tf.TensorInfo): tf.TensorInfo {
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

/** Puts `strides - 1` rows and columns of zeros between those of dy [n, h, w, c]. */
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

/** x [n, h, w, c] behind `pads` rows and columns of zeros, cut or filled up to `size`. */
function padOrCrop(
  backend: WasmBackend,
  x: tf.TensorInfo,
  [top, left]: readonly [number, number],
  [height, width]: readonly [number, number],
): tf.TensorInfo {
  const [n, h, w, c] = x.shape as Shape4D;
  if (top === 0 && left === 0 && height === h && width === w) return x;
  const out = backend.makeOutput([n, height, width, c], "float32");
  const from = backend.typedArrayFromHeap(x), to = backend.typedArrayFromHeap(out);
  to.fill(0);
  const rows = Math.min(h, height - top), run = Math.min(w, width - left) * c;
  for (let image = 0; image < n; image++) {
    for (let row = 0; row < rows; row++) {
      const read = (image * h + row) * w * c;
      to.set(
        from.subarray(read, read + run),
        ((image * height + top + row) * width + left) * c,
      );
    }
  }
  return out;
}

import * as tf from "../../core/tfjs/library.ts";
import { operation } from "../operation.ts";
import { resampleKernels } from "./cpu.ts";

/**
 * Halves the height and width: means of 2x2 pixels (PyTorch's `AvgPool2d(2)`).
 *
 * Composed of sums over adjacent axes, since tfjs's WebAssembly backend has no gradient of pooling.
 *
 * @param images [n, h, w, c], h and w even.
 * @returns [n, h / 2, w / 2, c].
 */
export function halve(images: tf.Tensor4D): tf.Tensor4D {
  return linear(images, (x) => sumOfFour(x, 0.25), (dy) => fourTimes(dy, 0.25));
}

/**
 * Doubles the height and width: repeats each pixel four times (PyTorch's
 * `interpolate(scale_factor=2, mode="nearest")`).
 *
 * @param images [n, h, w, c].
 * @returns [n, 2 h, 2 w, c].
 */
export function double(images: tf.Tensor4D): tf.Tensor4D {
  return linear(images, (x) => fourTimes(x, 1), (dy) => sumOfFour(dy, 1));
}

/**
 * Concatenates the channels of `a` and `b`.
 *
 * Like `tf.concat`, whose VJP takes 67 ms on tfjs's WebAssembly backend where two slices take 3.
 *
 * @param a [n, h, w, ca].
 * @param b [n, h, w, cb].
 * @returns [n, h, w, ca + cb].
 */
export function join(a: tf.Tensor4D, b: tf.Tensor4D): tf.Tensor4D {
  const [n, height, width, first] = a.shape;
  const second = b.shape[3];
  return operation<tf.Tensor4D>([a, b], {
    value: () => tf.concat4d([a, b], 3),
    pullBack: (dy) => [
      () => tf.slice(dy, [0, 0, 0, 0], [n, height, width, first]),
      () => tf.slice(dy, [0, 0, 0, first], [n, height, width, second]),
    ],
  });
}

/** A linear operation and its transpose; its VJP needs no saved tensors. */
function linear(
  images: tf.Tensor4D,
  forward: (x: tf.Tensor4D) => tf.Tensor4D,
  transposed: (dy: tf.Tensor4D) => tf.Tensor4D,
): tf.Tensor4D {
  return operation<tf.Tensor4D>([images], {
    value: () => forward(images),
    pullBack: (dy) => [() => transposed(dy as tf.Tensor4D)],
  });
}

/** Sums over 2x2 pixels, times `scale`. */
function sumOfFour(images: tf.Tensor4D, scale: number): tf.Tensor4D {
  const [n, height, width, c] = images.shape;
  if (hasKernel("sumOfFour", c)) return run("sumOfFour", images, scale);
  const [h, w] = [height / 2, width / 2];
  return tf.tidy(() => {
    const rows = tf.sum(tf.reshape(images, [n * h, 2, width * c]), 1);
    const sums = tf.sum(tf.reshape(rows, [n * h * w, 2, c]), 1);
    return tf.mul(tf.reshape(sums, [n, h, w, c]), scale);
  });
}

/** Repeats each pixel four times, times `scale`. */
function fourTimes(images: tf.Tensor4D, scale: number): tf.Tensor4D {
  const [n, h, w, c] = images.shape;
  if (hasKernel("fourTimes", c)) return run("fourTimes", images, scale);
  return tf.tidy(() => {
    const pixels = tf.reshape(tf.mul(images, scale), [n * h * w, c]);
    const rows = tf.reshape(tf.concat([pixels, pixels], 1), [n * h, 2 * w * c]);
    return tf.reshape(tf.concat([rows, rows], 1), [n, 2 * h, 2 * w, c]);
  });
}

function hasKernel(name: keyof typeof resampleKernels, channels: number): boolean {
  return channels % 4 === 0 && tf.getKernel(resampleKernels[name], tf.getBackend()) !== undefined;
}

function run(name: keyof typeof resampleKernels, x: tf.Tensor4D, scale: number): tf.Tensor4D {
  return tf.engine().runKernel(resampleKernels[name], { x }, { scale }) as tf.Tensor4D;
}

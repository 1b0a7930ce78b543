import * as tf from "../core/tfjs/library.ts";
import type { Tensor1D, Tensor2D } from "../core/tensors.ts";
import { embeddingRows } from "../ops/mlp_field/time_embedding.ts";
import { embedDeviceTimes } from "../ops/time_embedding/time_embedding.ts";
import type { BufferTensor } from "./network.ts";

/**
 * Frequencies k * pi, k = 1..width/2, of a time embedding.
 *
 * @throws {RangeError} If `width` is not a positive even number.
 */
export function embeddingFrequencies(width: number): Float32Array {
  requireEvenWidth(width);
  return Float32Array.from({ length: width / 2 }, (_, i) => (i + 1) * Math.PI);
}

/**
 * Time embedding: (sin(k pi t), k = 1..width/2; cos(k pi t), k = 1..width/2).
 *
 * @param t [n], any finite numbers.
 * @param width Even.
 * @returns [n * width], row-major; computed in float64 and rounded once.
 * @throws {RangeError} If `width` is not a positive even number, or a time is not finite.
 */
export function timeEmbedding(t: ArrayLike<number>, width: number): Float32Array {
  requireEvenWidth(width);
  for (let row = 0; row < t.length; row++) {
    if (!Number.isFinite(t[row])) {
      throw new RangeError(`time embedding: expected a finite time, got ${t[row]} in row ${row}`);
    }
  }
  return embeddingRows(t, width, new Float32Array(t.length * width));
}

/**
 * The time embedding as a tensor [n, width], owned by the caller.
 *
 * @param t [n], numbers, or a tensor on a GPU of ours, whose times the host does not know.
 * @throws {RangeError} If `width` is not a positive even number, or a number is not finite.
 */
export function timeEmbeddingTensor(t: ArrayLike<number> | Tensor1D, width: number): Tensor2D {
  return t instanceof tf.Tensor
    ? embedDeviceTimes(t, width)
    : tf.tensor2d(timeEmbedding(t, width), [t.length, width]);
}

function requireEvenWidth(width: number): void {
  if (!Number.isSafeInteger(width) || width < 2 || width % 2 !== 0) {
    throw new RangeError(`time embedding: expected a positive even width, got ${width}`);
  }
}

/** The frequencies of a time embedding as a PyTorch buffer. */
export function frequencyBuffer(name: string, width: number): BufferTensor {
  return { name, shape: [width / 2], values: embeddingFrequencies(width) };
}

import * as tf from "../../core/tfjs/library.ts";
import { needTensors } from "../../core/tfjs/on_demand.ts";
import { sumNumbers } from "../../ops/elementwise/sum_numbers.ts";
import { requireLogDensity, type Source } from "./source.ts";
import { LOG_TWO_PI, standardNormal } from "./standard_normal.ts";

/** Density of a source over rows of numbers [n * width], in float32 like its form over tensors. */
export interface NumberDensity {
  /** Log-density of each row in nats, [n]. */
  logDensity(z: Float32Array, width: number): Float32Array<ArrayBuffer>;
  /** The score is this multiple of z. */
  readonly scoreSlope: number;
}

/** The standard normal over numbers, with the bits of its tensor form on the CPU. */
const standardNormalNumbers: NumberDensity = {
  logDensity(z, width) {
    const squares = z.map((value) => value * value);
    const normaliser = Math.fround((width / 2) * LOG_TWO_PI);
    const found = new Float32Array(z.length / width);
    for (let row = 0; row < found.length; row++) {
      const sum = sumNumbers(squares, { first: row * width, count: width });
      found[row] = Math.fround(-0.5 * sum) - normaliser;
    }
    return found;
  },
  scoreSlope: -1,
};

/** A source's density over numbers, so that its likelihoods need no tensors; null if it has only tensors. */
export function numberDensity(source: Source): NumberDensity | null {
  return source === standardNormal ? standardNormalNumbers : null;
}

/**
 * Log-density of each row of z [n * width] in nats, [n]: without tensors where the source has a density
 * of numbers.
 *
 * @throws {InputError} If it is unknown.
 */
export async function logDensities(
  source: Source,
  z: Float32Array,
  width: number,
): Promise<Float32Array> {
  const density = numberDensity(source);
  if (density !== null) return density.logDensity(z, width);
  const logDensity = requireLogDensity(source);
  await needTensors();
  const found = tf.tidy(() => logDensity(tf.tensor2d(z, [z.length / width, width])));
  try {
    return await found.data<"float32">();
  } finally {
    found.dispose();
  }
}

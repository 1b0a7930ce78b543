import * as tf from "../../core/tfjs/library.ts";
import { linearPath } from "../../flows/paths/linear_path.ts";
import { pathSampleAndVelocity } from "../../flows/paths/path.ts";
import type { Pairs } from "./gaussian_path.ts";

/** Positions and velocities of pairs: one row [n] per time. */
export interface PathPoints {
  /** x_t. */
  readonly x: readonly Float64Array[];
  /** dx_t/dt. */
  readonly velocity: readonly Float64Array[];
}

/**
 * Evaluates the probability path that Fluxion trains with (float32, on the open backend) at the
 * given pairs, and reads the result back.
 *
 * @param pairs The n pairs of each time.
 */
export async function alongPath(
  pairs: readonly Pairs[],
  times: readonly number[],
  sigmaMin: number,
): Promise<PathPoints> {
  const n = pairs[0]!.x0.length;
  const { x, velocity } = tf.tidy(() => {
    const rowsOf = (name: keyof Pairs) => {
      const flat = new Float32Array(times.length * n);
      for (const [i, pair] of pairs.entries()) flat.set(pair[name], i * n);
      return tf.tensor2d(flat, [times.length, n]);
    };
    const points = { x0: rowsOf("x0"), x1: rowsOf("x1"), times: Float32Array.from(times) };
    return pathSampleAndVelocity(linearPath(sigmaMin), points);
  });
  try {
    const [positions, velocities] = await Promise.all([
      x.data<"float32">(),
      velocity.data<"float32">(),
    ]);
    const split = (flat: Float32Array) =>
      times.map((_, i) => new Float64Array(flat.subarray(i * n, (i + 1) * n)));
    return { x: split(positions), velocity: split(velocities) };
  } finally {
    tf.dispose([x, velocity]);
  }
}

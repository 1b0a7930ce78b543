import * as tf from "../../core/tfjs/library.ts";
import { fillNormal, fillUniform } from "../../core/random/random.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";
import { eightGaussiansLaw } from "../../data/densities/eight_gaussians.ts";
import type { Source } from "./source.ts";

const { centres, deviation } = eightGaussiansLaw;

/** RNG words per row: one for the component, one unused, two for the normal pair. */
const WORDS = 4;

/**
 * A mixture of eight Gaussians on a circle, the distribution of the data set `8gaussians`, as a
 * source in the plane. Tong et al. 2024 transport it to moons (section 5.1).
 */
export const eightGaussiansSource: Source = {
  name: "8gaussians",
  draw(key, { first, count, width }) {
    if (width !== 2) {
      throw new RangeError(`source 8gaussians: expected points in the plane, got rows of ${width}`);
    }
    const uniforms = fillUniform(key, first * WORDS, new Float32Array(count * WORDS));
    const normals = fillNormal(key, first * WORDS, new Float32Array(count * WORDS));
    const rows = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      const centre = centres[Math.floor(uniforms[i * WORDS]! * centres.length)]!;
      rows[2 * i] = centre.x + deviation * normals[i * WORDS + 2]!;
      rows[2 * i + 1] = centre.y + deviation * normals[i * WORDS + 3]!;
    }
    return rows;
  },
  logDensity,
};

/** log of the mean of the component densities, [n], for z [n, 2]. */
function logDensity(z: Tensor2D): Tensor1D {
  return tf.tidy(() => {
    const places = tf.tensor3d(centres.flatMap(({ x, y }) => [x, y]), [1, centres.length, 2]);
    const gaps = tf.sub(tf.reshape(z, [z.shape[0], 1, 2]), places);
    const exponents = tf.mul(tf.sum(tf.square(gaps), 2), -0.5 / deviation ** 2);
    const normaliser = Math.log(centres.length * 2 * Math.PI * deviation ** 2);
    return tf.sub(tf.logSumExp(exponents, 1), normaliser) as Tensor1D;
  });
}

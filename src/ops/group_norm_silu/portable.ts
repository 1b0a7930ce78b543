import * as tf from "../../core/tfjs/library.ts";
import { GROUP_CHANNELS, GROUP_NORM_EPSILON } from "./name.ts";
import type {
  GroupNormGradients,
  GroupNormInputs,
  GroupNormOutputs,
  GroupNormStatistics,
} from "./contract.ts";

/*
 * Here pixels are one axis, [n, pixels, c], and values per group are expanded to channels, [n, c],
 * before they are multiplied. Sums run first over pixels, then over the four channels of a group:
 * tfjs would transpose for sums over non-adjacent axes.
 */

/** The forward pass in tfjs operations: the reference for every kernel of that name. */
export function portableGroupNormSilu(
  { x, scale, offset, shift }: GroupNormInputs,
): GroupNormOutputs {
  return tf.tidy(() => {
    const pixels = pixelRows(x);
    const count = GROUP_CHANNELS * pixels.shape[1];
    const groupMean = (rows: tf.Tensor2D) => tf.div(groupSums(rows), count) as tf.Tensor2D;
    const sums = tf.sum(pixels, 1) as tf.Tensor2D;
    const mean = groupMean(shift === null ? sums : tf.add(sums, tf.mul(shift, pixels.shape[1])));
    const centred = centre(pixels, shift, mean);
    const variance = groupMean(tf.sum(tf.square(centred), 1));
    const inverseStd = tf.rsqrt(tf.add(variance, GROUP_NORM_EPSILON)) as tf.Tensor2D;
    const z = affine(centred, { scale, offset, inverseStd });
    return { y: tf.reshape(tf.mul(z, tf.sigmoid(z)), x.shape) as tf.Tensor4D, mean, inverseStd };
  });
}

/**
 * The VJP in tfjs operations. With u = x + shift - mean, r = 1 / std and z = scale u r + offset:
 *
 *   dz = dy s (1 + z (1 - s)),  s = sigmoid(z)
 *   dx = scale r dz - r <scale dz> - u r^3 <scale dz u>
 *
 * where <.> is the mean over a group.
 */
export function portableGroupNormSiluGradient(
  dy: tf.Tensor4D,
  { x, scale, offset, shift, mean, inverseStd }: GroupNormInputs & GroupNormStatistics,
): GroupNormGradients {
  return tf.tidy(() => {
    const pixels = pixelRows(x);
    const [n, area, channels] = pixels.shape;
    const centred = centre(pixels, shift, mean);
    const z = affine(centred, { scale, offset, inverseStd });
    const s = tf.sigmoid(z);
    const slope = tf.mul(s, tf.add(tf.mul(z, tf.sub(1, s)), 1));
    const dz = tf.mul(pixelRows(dy), slope) as tf.Tensor3D;
    const sums = tf.sum(dz, 1) as tf.Tensor2D;
    const products = tf.sum(tf.mul(dz, centred), 1) as tf.Tensor2D;
    const r = spread(inverseStd);
    const groupMean = (rows: tf.Tensor2D) =>
      spread(tf.div(groupSums(tf.mul(rows, scale)), GROUP_CHANNELS * area));
    const factor = tf.mul(r, scale) as tf.Tensor2D;
    const constant = tf.neg(tf.mul(r, groupMean(sums))) as tf.Tensor2D;
    const slopeOfU = tf.neg(tf.mul(tf.pow(r, 3), groupMean(products))) as tf.Tensor2D;
    const perImage = (rows: tf.Tensor2D) => tf.reshape(rows, [n, 1, channels]);
    const dx = tf.add(
      tf.add(tf.mul(dz, perImage(factor)), tf.mul(centred, perImage(slopeOfU))),
      perImage(constant),
    );
    const dShift = tf.add(
      tf.add(tf.mul(sums, factor), tf.mul(tf.sum(centred, 1), slopeOfU)),
      tf.mul(constant, area),
    ) as tf.Tensor2D;
    return {
      dx: tf.reshape(dx, x.shape) as tf.Tensor4D,
      dScale: tf.sum(tf.mul(products, r), 0) as tf.Tensor1D,
      dOffset: tf.sum(sums, 0) as tf.Tensor1D,
      dShift,
    };
  });
}

/** [n, h, w, c] as [n, h * w, c]. */
function pixelRows(images: tf.Tensor4D): tf.Tensor3D {
  const [n, height, width, channels] = images.shape;
  return tf.reshape(images, [n, height * width, channels]);
}

/** [n, c] to [n, groups]. */
function groupSums(rows: tf.Tensor2D): tf.Tensor2D {
  const [n, channels] = rows.shape;
  return tf.sum(tf.reshape(rows, [n, channels / GROUP_CHANNELS, GROUP_CHANNELS]), 2);
}

/** [n, groups] to [n, c]. */
function spread(groups: tf.Tensor2D): tf.Tensor2D {
  const [n, count] = groups.shape;
  // Multiplying by ones: tfjs's tile takes 1.6 ms for this on WebAssembly.
  const repeated = tf.mul(tf.reshape(groups, [n, count, 1]), tf.ones([1, 1, GROUP_CHANNELS]));
  return tf.reshape(repeated, [n, count * GROUP_CHANNELS]);
}

/** x + shift - mean. */
function centre(pixels: tf.Tensor3D, shift: tf.Tensor2D | null, mean: tf.Tensor2D): tf.Tensor3D {
  const [n, , channels] = pixels.shape;
  const moved = shift === null ? tf.neg(spread(mean)) : tf.sub(shift, spread(mean));
  return tf.add(pixels, tf.reshape(moved, [n, 1, channels]));
}

function affine(
  centred: tf.Tensor3D,
  { scale, offset, inverseStd }: {
    readonly scale: tf.Tensor1D;
    readonly offset: tf.Tensor1D;
    readonly inverseStd: tf.Tensor2D;
  },
): tf.Tensor3D {
  const [n, , channels] = centred.shape;
  const factor = tf.reshape(tf.mul(spread(inverseStd), scale), [n, 1, channels]);
  return tf.add(tf.mul(centred, factor), offset);
}

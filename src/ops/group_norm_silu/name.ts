/**
 * Two operations that backends may register with tfjs under these names; otherwise `portable.ts`
 * composes them from tfjs operations.
 *
 *   GroupNormSilu      y = silu(scale * (x + shift - mean) * inverseStd + offset)
 *     in   x           [n, h, w, c]   float32
 *          scale       [c]
 *          offset      [c]
 *          shift       [n, c]         optional; default zero
 *     out  y           [n, h, w, c]
 *          mean        [n, groups]    of x + shift over the group's channels and all pixels
 *          inverseStd  [n, groups]    1 / sqrt(variance + epsilon), the variance divided by the count
 *
 *   GroupNormSiluGrad  the VJP for cotangent dy
 *     in   dy          [n, h, w, c]
 *          x, scale, offset, shift, mean, inverseStd   as above
 *     out  dx          [n, h, w, c]
 *          dScale      [c]
 *          dOffset     [c]
 *          dShift      [n, c]         sum of dx over pixels, also if there was no shift
 *
 * A group is {@link GROUP_CHANNELS} adjacent channels: one 128-bit vector.
 */
export const groupNormSiluKernels = {
  value: "GroupNormSilu",
  gradient: "GroupNormSiluGrad",
} as const;

/** Channels per group. */
export const GROUP_CHANNELS = 4;

/** Epsilon added to the variance, as in PyTorch's `nn.GroupNorm`. */
export const GROUP_NORM_EPSILON = 1e-5;

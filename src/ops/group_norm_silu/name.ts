/**
 * Two operations that a backend may register under these names with tfjs; where it has none,
 * `portable.ts` composes them of tfjs's own.
 *
 *   GroupNormSilu      y = silu(scale * (x + shift - mean) * inverseStd + offset)
 *     in   x           [n, h, w, c]   float32
 *          scale       [c]
 *          offset      [c]
 *          shift       [n, c]         left out: zero
 *     out  y           [n, h, w, c]
 *          mean        [n, groups]    of x + shift over the group's channels and all pixels
 *          inverseStd  [n, groups]    1 / sqrt(variance + epsilon), the variance divided by the count
 *
 *   GroupNormSiluGrad  the pull-back of dy
 *     in   dy          [n, h, w, c]
 *          x, scale, offset, shift, mean, inverseStd   as above
 *     out  dx          [n, h, w, c]
 *          dScale      [c]
 *          dOffset     [c]
 *          dShift      [n, c]         also where the shift was left out: the sum of dx over pixels
 *
 * A group is {@link GROUP_CHANNELS} channels that lie side by side: a vector of 128 bits.
 */
export const groupNormSiluKernels = {
  value: "GroupNormSilu",
  gradient: "GroupNormSiluGrad",
} as const;

/** Channels of a group. */
export const GROUP_CHANNELS = 4;

/** What is added to a variance; PyTorch's `nn.GroupNorm`. */
export const GROUP_NORM_EPSILON = 1e-5;

/**
 * tfjs's tensors under names of ours: `deno doc --lint` asks that every type of the public face is
 * documented there, and tfjs documents few of its own. What its module as a whole holds is not followed.
 */

/** A tfjs tensor of any rank. */
export type Tensor = ReturnType<(typeof import("@tensorflow/tfjs"))["tensor"]>;

/** A tfjs tensor of one number. */
export type Scalar = ReturnType<(typeof import("@tensorflow/tfjs"))["scalar"]>;

/** A tfjs tensor [n]. */
export type Tensor1D = ReturnType<(typeof import("@tensorflow/tfjs"))["tensor1d"]>;

/** A tfjs tensor [n, w]: rows of w numbers. */
export type Tensor2D = ReturnType<(typeof import("@tensorflow/tfjs"))["tensor2d"]>;

/**
 * Aliases of tfjs's tensor types. `deno doc --lint` requires every public type to be documented,
 * and tfjs documents few of its own; it does not follow types taken from `typeof import(...)`.
 */

/** A tfjs tensor of any rank. */
export type Tensor = ReturnType<(typeof import("@tensorflow/tfjs"))["tensor"]>;

/** A tfjs tensor of one number. */
export type Scalar = ReturnType<(typeof import("@tensorflow/tfjs"))["scalar"]>;

/** A tfjs tensor [n]. */
export type Tensor1D = ReturnType<(typeof import("@tensorflow/tfjs"))["tensor1d"]>;

/** A tfjs tensor [n, w]: rows of w numbers. */
export type Tensor2D = ReturnType<(typeof import("@tensorflow/tfjs"))["tensor2d"]>;

import { solveThrough, type Velocity } from "../solve_through.ts";

/** Image of a point under the flow map, and the log-determinant of the map's Jacobian there. */
export interface FlowPoint {
  /** phi_t(x0), [d]. */
  readonly x: Float64Array;
  /** log|det d phi_t / d x0|. */
  readonly logDet: number;
}

/** Fourth-order central difference: offsets in units of the distance, and weights. */
const stencil = [[-2, 1 / 12], [-1, -8 / 12], [1, 8 / 12], [2, -1 / 12]] as const;

/** Number of points that {@link stencilStarts} returns in `dims` dimensions. */
export function stencilSize(dims: number): number {
  return 1 + stencil.length * dims;
}

/** A point and its neighbours at 1 and 2 times `distance` along each axis: [stencilSize * d]. */
export function stencilStarts(x: ArrayLike<number>, distance: number): Float64Array {
  const dims = x.length;
  const starts = new Float64Array(stencilSize(dims) * dims);
  for (let row = 0; row < stencilSize(dims); row++) starts.set(x, row * dims);
  for (let k = 0; k < dims; k++) {
    stencil.forEach(([shift], j) => {
      starts[(1 + stencil.length * k + j) * dims + k]! += shift * distance;
    });
  }
  return starts;
}

/**
 * log|det| of a map's Jacobian, by fourth-order central differences of the images of
 * {@link stencilStarts}.
 *
 * @param images [stencilSize * d], in the order of the starts.
 */
export function stencilLogDet(images: Float64Array, dims: number, distance: number): number {
  const jacobian = Array.from({ length: dims }, (_, i) =>
    Array.from({ length: dims }, (_, k) => {
      const first = 1 + stencil.length * k;
      const sum = stencil.reduce(
        (total, [, weight], j) => total + weight * images[(first + j) * dims + i]!,
        0,
      );
      return sum / distance;
    }));
  return Math.log(Math.abs(determinant(jacobian)));
}

/** Determinant by Gaussian elimination with partial pivoting; overwrites `rows`. */
function determinant(rows: number[][]): number {
  let product = 1;
  for (let k = 0; k < rows.length; k++) {
    let pivot = k;
    for (let i = k + 1; i < rows.length; i++) {
      if (Math.abs(rows[i]![k]!) > Math.abs(rows[pivot]![k]!)) pivot = i;
    }
    if (pivot !== k) {
      [rows[k], rows[pivot]] = [rows[pivot]!, rows[k]!];
      product = -product;
    }
    const top = rows[k]!;
    product *= top[k]!;
    for (let i = k + 1; i < rows.length; i++) {
      const factor = rows[i]![k]! / top[k]!;
      for (let j = k; j < rows.length; j++) rows[i]![j]! -= factor * top[j]!;
    }
  }
  return product;
}

/**
 * Distance of neighbouring starts in float64. The truncation error is its fourth power (1e-12 times
 * a fifth derivative), rounding over it is 1e-12 too; the solver's error is smooth, see below.
 */
const DISTANCE = 1e-3;

/**
 * The flow map of a velocity field and its Jacobian determinant at each of `times`, computed from
 * solutions of dx/dt = f only; the divergence of f is not used.
 *
 * The neighbours are solved as one state and share their steps, so the solver's error is a smooth
 * function of the start and does not spoil the differences.
 *
 * @param times Monotone, on one side of `start.t`; the first may equal `start.t`.
 */
export async function followFlow(
  velocity: Velocity,
  start: { readonly t: number; readonly x: Float64Array },
  times: readonly number[],
): Promise<FlowPoint[]> {
  const dims = start.x.length;
  const together: Velocity = (t, states) => {
    const slopes = new Float64Array(states.length);
    for (let i = 0; i < states.length; i += dims) {
      slopes.set(velocity(t, states.slice(i, i + dims)), i);
    }
    return slopes;
  };
  const x = stencilStarts(start.x, DISTANCE);
  const images = await solveThrough(together, { t: start.t, x }, times);
  return images.map((image) => ({
    x: image.slice(0, dims),
    logDet: stencilLogDet(image, dims, DISTANCE),
  }));
}

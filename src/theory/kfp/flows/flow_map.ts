import { solveThrough, type Velocity } from "../solve_through.ts";

/** Where a flow has carried a point, and how much larger it has made the volume about it. */
export interface FlowPoint {
  /** phi_t(x0), [d]. */
  readonly x: Float64Array;
  /** log|det d phi_t / d x0|. */
  readonly logDet: number;
}

/** Neighbours of a point along each axis, in units of their distance, and their weights in a first derivative. */
const stencil = [[-2, 1 / 12], [-1, -8 / 12], [1, 8 / 12], [2, -1 / 12]] as const;

/** How many starts {@link stencilStarts} makes of a point of `dims` dimensions. */
export function stencilSize(dims: number): number {
  return 1 + stencil.length * dims;
}

/** The point and, along each axis, its neighbours at one and two times `distance`: [stencilSize * d]. */
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
 * log|det| of the Jacobian of a map, by central differences of fourth order between the images
 * of {@link stencilStarts}.
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

/** By Gaussian elimination with the largest pivot; `rows` is used up. */
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
 * Distance of the neighbouring starts in float64. Their differences err by its fourth power
 * (1e-12 times a fifth derivative) and by the arithmetic's error over it (1e-12); what the solver errs is smooth, see below.
 */
const DISTANCE = 1e-3;

/**
 * The flow map of a velocity field and its Jacobian determinant at each of `times`, from nothing
 * but solutions of dx/dt = f: the divergence of f does not enter.
 *
 * The neighbours are solved as one state, so that all take the same steps and what the solver
 * errs is smooth in the start: it does not spoil their differences.
 *
 * @param times Monotone, on one side of `start.t`, which may be the first of them.
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

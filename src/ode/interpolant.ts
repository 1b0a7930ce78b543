/**
 * Dense output of a Runge-Kutta method as data: for theta in [0, 1]
 *   y(t + theta h) = y + h * sum over i of w_i(theta) k_i,
 *   w_i(theta) = sum over j of phi_j(theta) values[j][i],
 *   phi_j(theta) = sum over p of basis[j][p] theta^powers[p].
 *
 * The slopes k_i are those of the stages, followed by the slope at the end of the step unless the
 * method is FSAL. Every engine sums in the order of these arrays, so all round alike.
 */
export interface Interpolant {
  /** Powers of theta, whole numbers from 1. */
  readonly powers: readonly number[];
  /** Coefficients of the basis functions phi, [basis][powers]. */
  readonly basis: readonly (readonly number[])[];
  /** Weights of the slopes per basis function, [basis][slopes]. */
  readonly values: readonly (readonly number[])[];
}

/** The properties of a method on which its interpolant depends. */
interface Method {
  readonly b: readonly number[];
  readonly firstSameAsLast: boolean;
}

/** Unit vector [slopes] with 1 at `index`. */
function unit(slopes: number, index: number): number[] {
  return Array.from({ length: slopes }, (_, i) => i === index ? 1 : 0);
}

/** Weights of the stages, zero-padded to all slopes. */
function ofSlopes(weights: readonly number[], slopes: number): number[] {
  return [...weights, ...new Array<number>(slopes - weights.length).fill(0)];
}

function slopesOf({ b, firstSameAsLast }: Method): number {
  return firstSameAsLast ? b.length : b.length + 1;
}

/** Cubic Hermite interpolant of both end states and end slopes, order 3. */
export function cubicInterpolant(method: Method): Interpolant {
  const slopes = slopesOf(method);
  return {
    powers: [1, 2, 3],
    basis: [[0, 3, -2], [1, -2, 1], [0, -1, 1]],
    values: [ofSlopes(method.b, slopes), unit(slopes, 0), unit(slopes, slopes - 1)],
  };
}

/**
 * Quartic interpolant of both end states and end slopes and of the midpoint state, order 4.
 * Source: Shampine 1986, Math. Comp. 46, 135-150.
 *
 * @param bMid Stage weights of the midpoint state; they sum to 1/2.
 */
export function quarticInterpolant(method: Method, bMid: readonly number[]): Interpolant {
  const slopes = slopesOf(method);
  return {
    powers: [4, 3, 2, 1],
    basis: [[-8, 14, -5, 0], [16, -32, 16, 0], [-2, 5, -4, 1], [2, -3, 1, 0]],
    values: [
      ofSlopes(method.b, slopes),
      ofSlopes(bMid, slopes),
      unit(slopes, 0),
      unit(slopes, slopes - 1),
    ],
  };
}

/**
 * Rejects an interpolant with inconsistent array lengths, because WebAssembly engines index by them.
 *
 * @throws {RangeError} If lengths are inconsistent, or a power is not a whole number from 1 to 64.
 */
export function requireInterpolant({ powers, basis, values }: Interpolant, method: Method): void {
  const slopes = slopesOf(method);
  const fits = powers.length > 0 && powers.every((p) => Number.isInteger(p) && p >= 1 && p <= 64) &&
    basis.length > 0 && basis.every(({ length }) => length === powers.length) &&
    values.length === basis.length && values.every(({ length }) => length === slopes);
  if (!fits) {
    throw new RangeError(
      `interpolant: expected whole powers from 1 to 64, and for each basis function a coefficient ` +
        `per power and ${slopes} values`,
    );
  }
}

/** theta^power by repeated squaring. */
function powerOf(theta: number, power: number): number {
  if (power === 1) return theta;
  const half = powerOf(theta, Math.floor(power / 2));
  return power % 2 === 0 ? half * half : half * half * theta;
}

/**
 * Weights w [slopes] of the slopes at `theta`; see {@link Interpolant}.
 *
 * @param theta In [0, 1].
 */
export function denseWeights({ powers, basis, values }: Interpolant, theta: number): number[] {
  const weights = new Array<number>(values[0]!.length).fill(0);
  basis.forEach((coefficients, j) => {
    const phi = coefficients.reduce(
      (sum, coefficient, p) => sum + coefficient * powerOf(theta, powers[p]!),
      0,
    );
    values[j]!.forEach((value, i) => weights[i]! += phi * value);
  });
  return weights;
}

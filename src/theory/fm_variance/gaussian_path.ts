import { fillNormal, type RandomKey } from "../../core/random/random.ts";

/**
 * One coordinate of the theorem's setting: x0 and x1 are jointly normal with mean 0, variance s^2
 * each and correlation rho, and
 * x_t = t x1 + (1 - (1 - sigmaMin) t) x0.
 */
export interface GaussianPath {
  /** Standard deviation of x0 and of x1; positive. */
  readonly s: number;
  /** Correlation of x0 and x1, from -1 to 1; 0 is the independent coupling. */
  readonly rho: number;
  /** Residual noise level at t = 1, from 0 to 1. */
  readonly sigmaMin: number;
}

/** Pairs of noise and data, [n] each. */
export interface Pairs {
  /** Noise. */
  readonly x0: Float64Array;
  /** Data. */
  readonly x1: Float64Array;
}

/**
 * A hypothesis to test. The experiments take it as an argument, so the code that accepts
 * {@link proved} can be shown to reject a wrong sign or a missing factor.
 */
export interface Hypothesis {
  /** Variance of x_t. */
  variance(path: GaussianPath, t: number): number;
  /** The factor in the marginal velocity field u(x, t) = rate * x. */
  rate(path: GaussianPath, t: number): number;
  /** n independent pairs. */
  pairs(path: GaussianPath, key: RandomKey, n: number): Pairs;
}

/** Var(x_t) / s^2 = t^2 + a^2 + 2 rho t a with a = 1 - (1 - sigmaMin) t. */
function shrinkage({ rho, sigmaMin }: GaussianPath, t: number): number {
  const a = 1 - (1 - sigmaMin) * t;
  return t * t + a * a + 2 * rho * t * a;
}

/** The theorem as derivation.md states it. */
export const proved: Hypothesis = {
  variance: (path, t) => path.s ** 2 * shrinkage(path, t),
  rate(path, t) {
    const k = 1 - path.sigmaMin;
    const a = 1 - k * t;
    // d/dt log std(t): half the derivative of the shrinkage over the shrinkage.
    return (t - k * a + path.rho * (a - k * t)) / shrinkage(path, t);
  },
  pairs({ s, rho }, key, n) {
    const draws = fillNormal(key, 0, new Float64Array(2 * n));
    const rest = Math.sqrt(1 - rho * rho);
    const x0 = new Float64Array(n), x1 = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      const z = draws[2 * i]!, w = draws[2 * i + 1]!;
      x0[i] = s * z;
      x1[i] = s * (rho * z + rest * w);
    }
    return { x0, x1 };
  },
};

/** Time and value of the minimum of the variance: derivation.md, section 3. */
export function leastVariance(
  { s, rho, sigmaMin }: GaussianPath,
): { readonly t: number; readonly variance: number } {
  const k = 1 - sigmaMin;
  const curvature = 1 + k * k - 2 * rho * k;
  if (rho >= k) return { t: 0, variance: s * s };
  return { t: (k - rho) / curvature, variance: s * s * (1 - rho * rho) / curvature };
}

import * as tf from "../../core/tfjs/library.ts";
import { InputError } from "../../core/errors.ts";
import type { Tensor2D } from "../../core/tensors.ts";

/** Coefficients of x_t = alpha x1 + sigma x0 at one time, and their time derivatives. */
export interface PathCoefficients {
  /** Weight of the data x1. */
  readonly alpha: number;
  /** Weight of the source draw x0. */
  readonly sigma: number;
  /** d alpha / dt. */
  readonly dAlpha: number;
  /** d sigma / dt. */
  readonly dSigma: number;
}

/**
 * A conditional probability path of flow matching, from a source draw x0 at t = 0 to a data
 * point x1 at t = 1:
 *   x_t = alpha(t) x1 + sigma(t) x0,  alpha(0) = 0, sigma(0) = 1, alpha(1) = 1.
 *
 * A path is defined by its coefficients; everything else is a function of them: {@link pathSample},
 * {@link pathVelocity}, {@link conditionalVelocity} and `convertPrediction()`.
 *
 * Source: Lipman et al. 2024, Flow Matching Guide and Code, section 4.8 (affine conditional flows).
 */
export interface Path {
  /** Name including parameters; recorded with a run and compared on loading. */
  readonly name: string;
  /** Coefficients at a time in [0, 1]. */
  at(t: number): PathCoefficients;
  /**
   * Set if the path is straight: alpha = t, sigma = 1 - slope t, float32. A GPU then computes the coefficients at the
   * times that it draws.
   */
  readonly slope?: number;
}

/** How far from 0 and 1 a path may be at its ends: schedules of diffusion models reach them nearly. */
const END_TOLERANCE = 0.05;
/** Step of the difference quotients, and the largest error of a derivative, relative to 1 + |slope|. */
const STEP = 1e-4, SLOPE_TOLERANCE = 0.05;
/** A few roundings of float32. */
const STRAIGHT_TOLERANCE = 1e-6;

/**
 * Checks a path where a mistake is likely: that it runs from source to data, and that the derivatives,
 * which are the training target, are those of the coefficients.
 *
 * @throws {InputError} If it does not, at the first place found.
 */
export function requirePath(path: Path): void {
  const refuse = (what: string) => new InputError(`path ${path.name}: ${what}`);
  const ends = [[0, "alpha", 0], [0, "sigma", 1], [1, "alpha", 1]] as const;
  for (const [t, key, wanted] of ends) {
    const found = path.at(t)[key];
    if (!(Math.abs(found - wanted) <= END_TOLERANCE)) {
      throw refuse(
        `${key} must be ${wanted} at t = ${t}, got ${found}; a path runs from the source at ` +
          "t = 0 to the data at t = 1",
      );
    }
  }
  const { slope } = path;
  for (const t of [0.3, 0.5, 0.7]) {
    if (slope !== undefined) {
      const { alpha, sigma, dAlpha, dSigma } = path.at(t);
      const errors = [alpha - t, sigma - (1 - slope * t), dAlpha - 1, dSigma + slope];
      if (!errors.every((error) => Math.abs(error) < STRAIGHT_TOLERANCE)) {
        throw refuse(
          `with slope ${slope} it must be alpha = t and sigma = 1 - slope t, got ${alpha} and ${sigma} at t = ${t}; ` +
            "leave slope out for other paths",
        );
      }
    }
    const [before, here, after] = [path.at(t - STEP), path.at(t), path.at(t + STEP)];
    for (const [key, ofKey] of [["alpha", "dAlpha"], ["sigma", "dSigma"]] as const) {
      const slope = (after[key] - before[key]) / (2 * STEP);
      const found = here[ofKey];
      if (!(Math.abs(found - slope) <= SLOPE_TOLERANCE * (1 + Math.abs(slope)))) {
        throw refuse(
          `${ofKey} must be the derivative of ${key} by t, which is ` +
            `${Number(slope.toPrecision(4))} at t = ${t}, got ${found}`,
        );
      }
    }
  }
}

/** Pairs of source draws and data points, each with its own time. */
export interface PathPoints {
  /** Source draws, [n, w]. */
  readonly x0: Tensor2D;
  /** Data, [n, w]. */
  readonly x1: Tensor2D;
  /** Times in [0, 1], [n]. */
  readonly times: Float32Array;
}

/** x_t = alpha(t) x1 + sigma(t) x0, [n, w]. */
export function pathSample(path: Path, { x0, x1, times }: PathPoints): Tensor2D {
  return tf.tidy(() => pointsAt(pathColumns(path, times), { x0, x1 }));
}

/** Velocity along the path, dx_t/dt = alpha'(t) x1 + sigma'(t) x0, [n, w]: the training target. */
export function pathVelocity(path: Path, { x0, x1, times }: PathPoints): Tensor2D {
  return tf.tidy(() => velocityAt(pathColumns(path, times), { x0, x1 }));
}

/** {@link pathSample} and {@link pathVelocity} at the same times, whose coefficients are computed once. */
export function pathSampleAndVelocity(
  path: Path,
  { x0, x1, times }: PathPoints,
): { x: Tensor2D; velocity: Tensor2D } {
  return tf.tidy(() => {
    const columns = pathColumns(path, times);
    return { x: pointsAt(columns, { x0, x1 }), velocity: velocityAt(columns, { x0, x1 }) };
  });
}

/**
 * The conditional velocity as a function of the point x:
 *   u_t(x | x1) = alpha' x1 + sigma' (x - alpha x1) / sigma, [n, w].
 *
 * Source: Lipman et al. 2023, Flow Matching for Generative Modeling, Theorem 3.
 */
export function conditionalVelocity(
  path: Path,
  x: Tensor2D,
  { x1, times }: Pick<PathPoints, "x1" | "times">,
): Tensor2D {
  return tf.tidy(() => {
    const columns = pathColumns(path, times);
    const x0 = tf.div<Tensor2D>(tf.sub(x, tf.mul(columns.alpha, x1)), columns.sigma);
    return velocityAt(columns, { x0, x1 });
  });
}

/** Coefficients at each time, [n, 1] each. */
type PathColumns = Readonly<Record<keyof PathCoefficients, Tensor2D>>;

/** Both ends of the pairs, [n, w] each. */
type PathEnds = Pick<PathPoints, "x0" | "x1">;

function pointsAt({ alpha, sigma }: PathColumns, { x0, x1 }: PathEnds): Tensor2D {
  return tf.add(tf.mul(alpha, x1), tf.mul(sigma, x0)) as Tensor2D;
}

function velocityAt({ dAlpha, dSigma }: PathColumns, { x0, x1 }: PathEnds): Tensor2D {
  return tf.add(tf.mul(dAlpha, x1), tf.mul(dSigma, x0)) as Tensor2D;
}

/**
 * Writes the coefficients at each time into arrays of the same length, rounded to float32.
 */
export function writeCoefficients(
  path: Path,
  times: Float32Array,
  out: Readonly<Record<keyof PathCoefficients, Float32Array>>,
): void {
  const { alpha, sigma, dAlpha, dSigma } = out;
  for (let i = 0; i < times.length; i++) {
    const at = path.at(times[i]!);
    alpha[i] = at.alpha;
    sigma[i] = at.sigma;
    dAlpha[i] = at.dAlpha;
    dSigma[i] = at.dSigma;
  }
}

/** Coefficients at each time as columns. Call inside tf.tidy. */
function pathColumns(path: Path, times: Float32Array): PathColumns {
  const n = times.length, values = () => new Float32Array(n);
  const out = { alpha: values(), sigma: values(), dAlpha: values(), dSigma: values() };
  writeCoefficients(path, times, out);
  return {
    alpha: tf.tensor2d(out.alpha, [n, 1]),
    sigma: tf.tensor2d(out.sigma, [n, 1]),
    dAlpha: tf.tensor2d(out.dAlpha, [n, 1]),
    dSigma: tf.tensor2d(out.dSigma, [n, 1]),
  };
}

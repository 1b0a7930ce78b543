import type { CarriedDensity } from "../carried_density.ts";
import { gaussianPoints, isotropicLogDensity } from "../gaussian.ts";
import { halvings } from "../measurement.ts";
import { solveThrough, type Velocity } from "../solve_through.ts";

/** The density of a diffusion dx = f dt + g dw. */
export interface NoisyDensity extends CarriedDensity {
  /** Diffusion coefficient g. */
  readonly noise: number;
  /** p(x, t). */
  density(t: number, x: ArrayLike<number>): number;
  /** (Laplacian p) / p at (x, t). */
  laplacianOverDensity(t: number, x: ArrayLike<number>): number;
}

const RATE = 0.8, TURN = 1.5;
const start = { mean: [1.2, -0.4], std: 0.5 } as const;

const velocity: Velocity = (_t, x) =>
  Float64Array.of(-RATE * x[0]! - TURN * x[1]!, TURN * x[0]! - RATE * x[1]!);

/**
 * An Ornstein-Uhlenbeck process in the plane with a rotation, so that its drift is not a gradient:
 * dx = (-a x + b J x) dt + g dw. Started from N(m0, v0 I), its law is N(m(t), v(t) I) with
 * m(t) = e^(-a t) R(b t) m0 and v(t) = g^2/(2a) + (v0 - g^2/(2a)) e^(-2 a t).
 * Source: Risken 1989, The Fokker-Planck Equation, section 6.5.
 *
 * `follow` solves dx/dt = f, not paths of the process.
 *
 * @param noise Diffusion coefficient g; with 0 the density is transported by the flow alone.
 */
export function ornsteinUhlenbeck(noise: number): NoisyDensity {
  const moments = (t: number) => {
    const shrink = Math.exp(-RATE * t), cosine = Math.cos(TURN * t), sine = Math.sin(TURN * t);
    const [x, y] = start.mean;
    const stationary = noise ** 2 / (2 * RATE);
    return {
      mean: [shrink * (cosine * x - sine * y), shrink * (sine * x + cosine * y)],
      variance: stationary + (start.std ** 2 - stationary) * shrink ** 2,
    };
  };
  const logDensity = (t: number, x: ArrayLike<number>) => isotropicLogDensity(x, moments(t));
  return {
    name: "ornstein-uhlenbeck",
    noise,
    velocity,
    trace: () => -2 * RATE,
    times: [0.2, 0.5, 0.8],
    steps: halvings(2 ** -4),
    starts: (seed, count) => gaussianPoints(seed, count, start),
    async follow(from, times) {
      const states = await solveThrough(velocity, { t: 0, x: from }, times);
      return states.map((x, i) => ({ t: times[i]!, x, logDensity: logDensity(times[i]!, x) }));
    },
    density: (t, x) => Math.exp(logDensity(t, x)),
    laplacianOverDensity(t, x) {
      const { mean, variance } = moments(t);
      const squares = (x[0]! - mean[0]!) ** 2 + (x[1]! - mean[1]!) ** 2;
      return squares / variance ** 2 - 2 / variance;
    },
  };
}

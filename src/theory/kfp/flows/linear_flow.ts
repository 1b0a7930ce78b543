import type { CarriedDensity } from "../carried_density.ts";
import { gaussianPoints } from "../gaussian.ts";
import { halvings } from "../measurement.ts";
import { solveThrough, type Velocity } from "../solve_through.ts";

/*
 * f(x, t) = U diag(l1(t), l2(t)) U^-1 x with non-orthogonal axes U. The flow map is
 * U diag(exp of the integrals of l1, l2) U^-1, and it maps Gaussians to Gaussians.
 *
 * The rates vary in time: with constant rates log p(x(t), t) would be linear in t and the central
 * difference exact, so there would be no order to observe.
 */
const U = [[1, 0.5], [-0.25, 1]] as const;
const DET_U = U[0][0] * U[1][1] - U[0][1] * U[1][0];
const inverseU = [[U[1][1] / DET_U, -U[0][1] / DET_U], [
  -U[1][0] / DET_U,
  U[0][0] / DET_U,
]] as const;

/** l1, l2. */
const rates = (t: number) => [Math.cos(3 * t), -1 + Math.sin(2 * t)] as const;
/** Integrals of l1, l2 from 0 to t. */
const integrals = (t: number) => [Math.sin(3 * t) / 3, -t + (1 - Math.cos(2 * t)) / 2] as const;

/** Mean at t = 0; the covariance is START_STD^2 I. */
const START_MEAN = [0.5, -0.3] as const;
const START_STD = 0.8;

/** U diag(values) U^-1, [2][2]. */
function alongAxes([first, second]: readonly [number, number]) {
  const entry = (i: 0 | 1, k: 0 | 1) =>
    U[i][0] * first * inverseU[0][k] + U[i][1] * second * inverseU[1][k];
  return [[entry(0, 0), entry(0, 1)], [entry(1, 0), entry(1, 1)]] as const;
}

const velocity: Velocity = (t, x) => {
  const [top, bottom] = alongAxes(rates(t));
  return Float64Array.of(top[0] * x[0]! + top[1] * x[1]!, bottom[0] * x[0]! + bottom[1] * x[1]!);
};

/** log N(x; M m0, s^2 M M^T), where M is the flow map at t. */
function logDensity(t: number, x: Float64Array): number {
  const [[a, b], [c, d]] = alongAxes(integrals(t).map(Math.exp) as [number, number]);
  const variance = START_STD ** 2;
  const xx = variance * (a * a + b * b);
  const xy = variance * (a * c + b * d);
  const yy = variance * (c * c + d * d);
  const determinant = xx * yy - xy * xy;
  const u = x[0]! - (a * START_MEAN[0] + b * START_MEAN[1]);
  const v = x[1]! - (c * START_MEAN[0] + d * START_MEAN[1]);
  const squares = (yy * u * u - 2 * xy * u * v + xx * v * v) / determinant;
  return -squares / 2 - Math.log(2 * Math.PI) - Math.log(determinant) / 2;
}

/** A Gaussian transported by a linear field in the plane, with log p in closed form. */
export const linearFlow: CarriedDensity = {
  name: "linear",
  velocity,
  trace: (t) => rates(t)[0] + rates(t)[1],
  times: [0.25, 0.75, 1.25],
  steps: halvings(2 ** -4),
  starts: (seed, count) => gaussianPoints(seed, count, { mean: START_MEAN, std: START_STD }),
  async follow(start, times) {
    const states = await solveThrough(velocity, { t: 0, x: start }, times);
    return states.map((x, i) => ({ t: times[i]!, x, logDensity: logDensity(times[i]!, x) }));
  },
};

import * as tf from "../../core/tfjs/library.ts";
import { accurateSolve } from "../../flows/model.ts";
import { Parameters } from "../../core/parameters.ts";
import type { Tensor2D } from "../../core/tensors.ts";
import { solveOn } from "../../ode/engines/engines.ts";
import { enginesOf } from "../../ode/engines/open_device.ts";
import { odeint } from "../../ode/odeint/odeint.ts";
import { dopri5 } from "../../ode/tableaus/dopri5.ts";
import { tensorField } from "../../ode/engines/portable/tensor_field.ts";
import type { Backend } from "../../backends/backend.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import type { GaussianPath, Hypothesis } from "./gaussian_path.ts";
import { momentsOf } from "./significance.ts";

/** Transported paths; rho = -1 is left out, as it has no flow (derivation.md, section 7). */
const paths: readonly GaussianPath[] = [
  { s: 1, rho: 0, sigmaMin: 0 },
  { s: 0.5, rho: 0.5, sigmaMin: 0.125 },
  { s: 2, rho: -0.9, sigmaMin: 0 },
  { s: 1, rho: 1, sigmaMin: 0 },
  { s: 2, rho: 0, sigmaMin: 0.5 },
];

const times = [0, 1, 2, 3, 4, 5, 6, 7, 8].map((i) => i / 8);

/**
 * Solves dx/dt = rate(t) x from the first of `times` to each of the others.
 *
 * @returns [times][n]; NaN where the solve failed.
 */
export type Integrator = (
  rate: (t: number) => number,
  starts: Float64Array,
  times: readonly number[],
) => Promise<readonly ArrayLike<number>[]>;

/** dopri5 in float64 on plain arrays, restarted at every time so that no state is interpolated. */
export const float64Integrator: Integrator = async (rate, starts, times) => {
  const states = [starts];
  for (let i = 1; i < times.length; i++) {
    const { y } = await odeint(
      (t, x) => {
        const factor = rate(t);
        return x.map((value) => factor * value);
      },
      states[i - 1]!,
      [times[i - 1]!, times[i]!],
      { tableau: dopri5, control: { kind: "adaptive", rtol: 1e-10, atol: 1e-10 } },
    );
    states.push(y);
  }
  return states;
};

/** The engine of an open backend in float32, with the default solver of sampling at 1e-6. */
export function engineIntegrator(backend: Backend): Integrator {
  return async (rate, starts, times) => {
    const none = Parameters.fromFlat({ entries: [], size: 0 }, new Float32Array(0));
    const y0 = tf.tensor2d(Float32Array.from(starts), [starts.length, 1]);
    try {
      const velocity = (_: unknown, x: Tensor2D, t: Float64Array) =>
        tf.mul(x, tf.tensor2d(Float32Array.from(t, rate), [t.length, 1])) as Tensor2D;
      const { solution } = await solveOn(enginesOf(backend), {
        ...accurateSolve,
        control: { kind: "adaptive", rtol: 1e-6, atol: 1e-6 },
        field: { kind: "tensors", field: tensorField(velocity, none) },
        y0,
        t0: times[0]!,
        t1: times[times.length - 1]!,
        keep: { kind: "times", times },
      });
      try {
        return await Promise.all(solution.states.map((state) => state.data()));
      } finally {
        solution.dispose();
      }
    } finally {
      y0.dispose();
      none.dispose();
    }
  };
}

/** N(0, s^2) transported to a time by the velocity field. */
export type TransportRow = {
  /** Time. */
  readonly t: number;
  /** Standard deviation of x0 and x1. */
  readonly s: number;
  /** Their correlation. */
  readonly rho: number;
  /** Residual noise level at t = 1. */
  readonly sigmaMin: number;
  /** Variance of the transported sample. */
  readonly variance: number;
  /** Standard error of `variance`. */
  readonly stdErr: number;
  /** Variance under the hypothesis. */
  readonly theory: number;
  /** Largest |x(t) - x(0) std(t) / s| over the largest |x(0) std(t) / s|. */
  readonly flowError: number;
};

/** Result of {@link carry}. */
export interface Transport {
  /** One row per path and time after 0. */
  readonly rows: readonly TransportRow[];
  /** (variance - theory) / standard error, per row. */
  readonly varianceScores: readonly number[];
}

/**
 * Transports samples of N(0, s^2) along the field and compares them with the hypothesis: pointwise
 * with its flow map, and with its variances.
 *
 * @param options.points Number of samples.
 */
export async function carry(
  seed: number,
  hypothesis: Hypothesis,
  { integrator, points }: { readonly integrator: Integrator; readonly points: number },
): Promise<Transport> {
  const rows: TransportRow[] = [], varianceScores: number[] = [];
  for (const [i, path] of paths.entries()) {
    const key = keyOf(subsequences.fmTransportPairs, seed, i);
    const starts = hypothesis.pairs(path, key, points).x0;
    const states = await integrator((t) => hypothesis.rate(path, t), starts, times);
    for (const [j, t] of times.entries()) {
      if (j === 0) continue;
      const state = states[j]!;
      const theory = hypothesis.variance(path, t);
      const { variance, stdErr } = momentsOf(state);
      const factor = Math.sqrt(theory) / path.s;
      let error = 0, largest = 0;
      for (let point = 0; point < points; point++) {
        const expected = factor * starts[point]!;
        error = Math.max(error, Math.abs(state[point]! - expected));
        largest = Math.max(largest, Math.abs(expected));
      }
      rows.push({ t, ...path, variance, stdErr, theory, flowError: error / largest });
      varianceScores.push((variance - theory) / stdErr);
    }
  }
  return { rows, varianceScores };
}

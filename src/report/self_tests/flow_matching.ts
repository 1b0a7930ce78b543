import * as tf from "../../core/tfjs/library.ts";
import { layoutOf, Parameters } from "../../core/parameters.ts";
import { fillNormal } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { logProb } from "../../flows/log_prob.ts";
import { fmLoss } from "../../flows/losses/fm_loss.ts";
import type { FlowModel } from "../../flows/model.ts";
import { linearPath } from "../../flows/paths/linear_path.ts";
import { pathSample, pathVelocity } from "../../flows/paths/path.ts";
import { sample } from "../../flows/sample.ts";
import { standardNormal } from "../../flows/sources/standard_normal.ts";
import type { Network } from "../../nn/network.ts";
import { type Claim, claim } from "../../theory/theorem.ts";
import { largest, tight } from "./closed_form.ts";
import type { SelfTestOptions } from "./options.ts";

/** The path's deviation around data at t = 1, larger than in training so that it shows. */
const SIGMA_MIN = 0.1;

/** Standard deviation of the Gaussian data, for which the best velocity is known. */
const SCALE = 2;

const ROWS = 4000, POINTS = 200;

/**
 * Var x_t and Cov(x_t, u) of x_t = t x1 + (1 - (1 - sigma) t) x0, u = x1 - (1 - sigma) x0, with
 * independent x1 ~ N(0, SCALE^2) and x0 ~ N(0, 1), per coordinate.
 */
function moments(t: number): { readonly variance: number; readonly covariance: number } {
  const slope = 1 - SIGMA_MIN, sigma = 1 - slope * t;
  return {
    variance: SCALE ** 2 * t * t + sigma * sigma,
    covariance: SCALE ** 2 * t - slope * sigma,
  };
}

/** Var u. */
const VELOCITY_VARIANCE = SCALE ** 2 + (1 - SIGMA_MIN) ** 2;

/** A field weight * c(t) x with c the best velocity's factor, E[u | x_t] = c(t) x_t. */
const scaled: Network = {
  kind: "scaled",
  rowWidth: 2,
  layout: layoutOf([{ kind: "linear", name: "field", inputs: 1, outputs: 1 }]),
  apply: ([weight], x, { t }) =>
    tf.tidy(() => {
      const factors = Float32Array.from(t, (at) => moments(at).covariance / moments(at).variance);
      const columns = tf.tensor2d(factors, [t.length, 1]);
      return tf.mul(tf.mul(x, columns), tf.reshape(weight!, [])) as tf.Tensor2D;
    }),
};

/** Path, velocity, loss and flow of flow matching against closed forms. */
export async function checkFlowMatching(
  { seed, engines }: SelfTestOptions,
): Promise<readonly Claim[]> {
  const data = fillNormal(keyOf(subsequences.selfTests, seed, 1), 0, new Float32Array(2 * ROWS))
    .map((value) => SCALE * value);
  const best = modelOf(1), zero = modelOf(0);
  try {
    const ofZero = await fmLoss(zero, data, { seed });
    const ofBest = await fmLoss(best, data, { seed });
    const drawn = await sample(best, engines, {
      count: POINTS,
      seed,
      settings: tight,
      times: [0, 1],
    });
    const stretch = Math.hypot(SCALE, SIGMA_MIN);
    const points = data.slice(0, 2 * POINTS);
    const { logProb: found } = await logProb(best, engines, points, {
      settings: tight,
      trace: { kind: "exact" },
    });
    return [
      ...pathClaims(data, seed),
      claim("loss of a velocity of zero on Gaussian data: the variance of the target", {
        observed: ofZero.loss,
        stdErr: ofZero.lossStdErr,
        expected: VELOCITY_VARIANCE,
        tolerance: 5 * ofZero.lossStdErr,
      }),
      claim("loss of the best velocity: the irreducible loss", {
        observed: ofBest.loss,
        stdErr: ofBest.lossStdErr,
        expected: leastLoss(),
        tolerance: 5 * ofBest.lossStdErr,
      }),
      claim("samples of the best velocity: largest distance to the closed-form flow", {
        observed: largest(
          drawn.states[1]!,
          (i) => stretch * drawn.states[0]![i]!,
        ),
        expected: 0,
        tolerance: 1e-4,
      }),
      claim("log-density under the best velocity, largest error against the closed form", {
        observed: largest(found, (i) => {
          const squares = (points[2 * i]! ** 2 + points[2 * i + 1]! ** 2) / stretch ** 2;
          return -squares / 2 - Math.log(2 * Math.PI) - 2 * Math.log(stretch);
        }),
        expected: 0,
        tolerance: 1e-3,
      }),
    ];
  } finally {
    best.parameters.dispose();
    zero.parameters.dispose();
  }
}

function modelOf(weight: number): FlowModel {
  return {
    kind: "fm",
    network: scaled,
    parameters: Parameters.fromFlat(scaled.layout, Float32Array.of(weight, 0)),
    path: linearPath(SIGMA_MIN),
    source: standardNormal,
    standardization: null,
  };
}

/** The path's ends, and its velocity as a difference quotient. */
function pathClaims(data: Float32Array, seed: number): Claim[] {
  const path = linearPath(SIGMA_MIN), count = data.length / 2;
  const noise = fillNormal(
    keyOf(subsequences.selfTests, seed, 2),
    0,
    new Float32Array(data.length),
  );
  // On both sides of a grid of times; an eighth is exact in float32.
  const step = 1 / 8;
  const at = (shift: number) =>
    Float32Array.from({ length: count }, (_, i) => 1 / 4 + (i % 5) / 8 + shift);
  const values = (make: (pairs: { x0: tf.Tensor2D; x1: tf.Tensor2D }) => tf.Tensor2D) =>
    tf.tidy(() =>
      make({
        x0: tf.tensor2d(noise, [count, 2]),
        x1: tf.tensor2d(data, [count, 2]),
      }).dataSync<"float32">()
    );
  const placed = (times: Float32Array) => values((pairs) => pathSample(path, { ...pairs, times }));
  const start = placed(new Float32Array(count)), end = placed(new Float32Array(count).fill(1));
  const [before, after] = [placed(at(-step)), placed(at(step))];
  const velocity = values((pairs) => pathVelocity(path, { ...pairs, times: at(0) }));
  const small = (statement: string, observed: number) =>
    claim(statement, { observed, expected: 0, tolerance: 1e-5 });
  return [
    small("path at t = 0: largest distance to the noise", largest(start, (i) => noise[i]!)),
    small(
      "path at t = 1: largest distance to the data plus sigma_min times the noise",
      largest(end, (i) => data[i]! + SIGMA_MIN * noise[i]!),
    ),
    small(
      "velocity: largest difference to the path's difference quotient",
      largest(velocity, (i) => (after[i]! - before[i]!) / (2 * step)),
    ),
  ];
}

/** Integral over t of Var(u | x_t) = Var u - Cov(x_t, u)^2 / Var x_t, by the midpoint rule. */
function leastLoss(): number {
  const cells = 10_000;
  let sum = 0;
  for (let i = 0; i < cells; i++) {
    const { variance, covariance } = moments((i + 0.5) / cells);
    sum += VELOCITY_VARIANCE - covariance ** 2 / variance;
  }
  return sum / cells;
}

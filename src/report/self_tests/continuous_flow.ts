import * as tf from "../../core/tfjs/library.ts";
import { layoutOf, Parameters } from "../../core/parameters.ts";
import { fillNormal } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { logProb } from "../../flows/log_prob.ts";
import type { FlowModel } from "../../flows/model.ts";
import { linearPath } from "../../flows/paths/linear_path.ts";
import { standardNormal } from "../../flows/sources/standard_normal.ts";
import { meanAndStdErr } from "../../metrics/statistics.ts";
import { mlpNetwork } from "../../nn/mlp/network.ts";
import type { Network } from "../../nn/network.ts";
import { odeint } from "../../ode/odeint/odeint.ts";
import { tableaus } from "../../ode/tableaus.ts";
import { type Claim, claim } from "../../theory/theorem.ts";
import { largest, tight } from "./closed_form.ts";
import type { SelfTestOptions } from "./options.ts";
import { torchReference } from "./torch_reference.ts";

/** Growth and rotation of the spiral dx/dt = growth x + turn (-x2, x1). */
const GROWTH = 0.5, TURN = 2;

const POINTS = 200;

/** The field x W of a linear network. */
const linear: Network = {
  kind: "linear",
  rowWidth: 2,
  layout: layoutOf([{ kind: "linear", name: "field", inputs: 2, outputs: 2 }]),
  apply: ([weight], x) => tf.matMul(x, weight as tf.Tensor2D),
};

/**
 * The solver and the instantaneous change of variables against closed forms.
 *
 * The spiral multiplies lengths by e^growth per unit of time and turns, so the density of x whose
 * image z(1) is standard normal is log N(e^growth |x|) + 2 growth. A shear, whose Jacobian has an
 * off-diagonal entry, is what Hutchinson's estimator has to average out.
 */
export async function checkContinuousFlow(
  { seed, engines }: SelfTestOptions,
): Promise<readonly Claim[]> {
  const points = fillNormal(
    keyOf(subsequences.selfTests, seed, 0),
    0,
    new Float32Array(2 * POINTS),
  );
  const spiral = modelOf(linear, [GROWTH, TURN, -TURN, GROWTH, 0, 0]);
  const shear = modelOf(linear, [0.4, 0, -1.7, 0.4, 0, 0]);
  const { dims, hidden, weights } = torchReference;
  const torch = modelOf(mlpNetwork({ dims, hidden }), weights);
  try {
    const exact = await logProb(spiral, engines, points, { settings: tight });
    const spiralLogProb = (i: number) => {
      const [x, y] = [points[2 * i]!, points[2 * i + 1]!];
      const squares = Math.exp(2 * GROWTH) * (x * x + y * y);
      return -squares / 2 - Math.log(2 * Math.PI) + 2 * GROWTH;
    };
    const estimated = await logProb(shear, engines, points, {
      settings: tight,
      seed,
      trace: { kind: "hutchinson", distribution: "gaussian", count: 16 },
    });
    const { mean, stdErr } = meanAndStdErr(estimated.terms.trace);
    const found = await logProb(torch, engines, Float32Array.from(torchReference.points), {
      settings: tight,
    });
    const loss = -found.logProb.reduce((sum, value) => sum + value, 0) / found.logProb.length;
    return [
      ...await solverClaims(),
      claim("log-density of 200 points under the spiral, largest error against the closed form", {
        observed: largest(exact.logProb, spiralLogProb),
        expected: 0,
        tolerance: 1e-3,
      }),
      claim("Hutchinson's mean of the trace of a shear, with Gaussian probes", {
        observed: mean,
        expected: 0.8,
        stdErr,
        tolerance: 5 * stdErr,
      }),
      claim("log-density of six points under a ConditionalMLP, largest difference to PyTorch", {
        observed: largest(found.logProb, (i) => torchReference.logProb[i]!),
        expected: 0,
        tolerance: 1e-4,
      }),
      claim("loss of the six points, as PyTorch computes it", {
        observed: loss,
        expected: torchReference.loss,
        tolerance: 1e-4,
      }),
    ];
  } finally {
    for (const { parameters } of [spiral, shear, torch]) parameters.dispose();
  }
}

function modelOf(network: Network, weights: readonly number[]): FlowModel {
  const parameters = Parameters.fromFlat(network.layout, Float32Array.from(weights));
  return {
    kind: "cnf",
    network,
    parameters,
    path: linearPath(0),
    source: standardNormal,
    standardization: null,
  };
}

/** The solvers on the spiral in float64: convergence order, accuracy, and there and back. */
async function solverClaims(): Promise<Claim[]> {
  const field = (_t: number, y: Float64Array) =>
    Float64Array.of(GROWTH * y[0]! - TURN * y[1]!, TURN * y[0]! + GROWTH * y[1]!);
  const start = Float64Array.of(1, 0);
  const end = [Math.exp(GROWTH) * Math.cos(TURN), Math.exp(GROWTH) * Math.sin(TURN)];
  const distance = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Math.hypot(a[0]! - b[0]!, a[1]! - b[1]!);
  const orders = await Promise.all(
    (["euler", "midpoint", "rk4", "dopri5"] as const).map(async (name) => {
      const tableau = tableaus[name]!;
      const errorOf = async (steps: number) => {
        const control = { kind: "fixed", steps } as const;
        return distance((await odeint(field, start, [0, 1], { tableau, control })).y, end);
      };
      return claim(`order of ${name}, from halving its steps`, {
        observed: Math.log2(await errorOf(32) / await errorOf(64)),
        expected: tableau.order,
        // The next order's share of the error at these steps.
        tolerance: 0.25,
      });
    }),
  );
  const { y } = await odeint(field, start, [0, 1]);
  const { y: back } = await odeint(field, y, [1, 0]);
  return [
    ...orders,
    claim("dopri5 at 1e-7: distance to the spiral's end in closed form", {
      observed: distance(y, end),
      expected: 0,
      tolerance: 1e-5,
    }),
    claim("dopri5 at 1e-7, there and back: distance to the start", {
      observed: distance(back, start),
      expected: 0,
      tolerance: 1e-5,
    }),
  ];
}

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../src/core/parameters.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../src/core/random/subsequences.ts";
import { cnfLossAndGradient } from "../../src/flows/losses/cnf_loss.ts";
import { fmLossAndGradient } from "../../src/flows/losses/fm_loss.ts";
import type { LossAndGradient } from "../../src/flows/losses/loss.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { accurateSolve, type FlowKind, type FlowModel } from "../../src/flows/model.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { sample } from "../../src/flows/sample.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import { velocityInPieces } from "../../src/flows/velocity_in_pieces.ts";
import type { Network } from "../../src/nn/network.ts";
import { enginesOf } from "../../src/ode/engines/open_device.ts";
import { backendTest } from "../support/backends.ts";
import { linear, tanhNetwork, tanhVelocity } from "../support/own_networks.ts";

/** W row-major [in, out], then b, of the linear network. */
const flat = Float32Array.of(0.3, -0.8, 0.5, -0.2, 0.4, -0.1);

function modelOf(kind: FlowKind, network: Network, weights: Float32Array): FlowModel {
  const parameters = Parameters.fromFlat(network.layout, weights);
  return {
    kind,
    network,
    parameters,
    path: linearPath(1e-4),
    source: standardNormal,
    standardization: null,
  };
}

/** [[M, c], [0, 1]] with x(1) = M x(0) + c under dx/dt = x W + b, by exp's series in float64. */
function flowMap([w00, w01, w10, w11, b0, b1]: ArrayLike<number> & Iterable<number>) {
  const generator = [[w00!, w10!, b0!], [w01!, w11!, b1!], [0, 0, 0]];
  const product = (a: number[][], b: number[][]) =>
    a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
  let term = [[1, 0, 0], [0, 1, 0], [0, 0, 1]], sum = term;
  for (let k = 1; k < 30; k++) {
    term = product(term, generator).map((row) => row.map((value) => value / k));
    sum = sum.map((row, i) => row.map((value, j) => value + term[i]![j]!));
  }
  const [[m00, m01, c0], [m10, m11, c1]] = sum as [number[], number[]];
  return { m: [m00!, m01!, m10!, m11!], c: [c0!, c1!], determinant: m00! * m11! - m01! * m10! };
}

/** log p(x) where M x + c is standard normal (CNF), or x = M z + c of a standard normal z (FM). */
function gaussianLogDensity(kind: FlowKind, weights: Iterable<number>, x: ArrayLike<number>) {
  const { m, c, determinant } = flowMap([...weights]);
  let z: [number, number];
  if (kind === "cnf") {
    z = [m[0]! * x[0]! + m[1]! * x[1]! + c[0]!, m[2]! * x[0]! + m[3]! * x[1]! + c[1]!];
  } else {
    const [d0, d1] = [x[0]! - c[0]!, x[1]! - c[1]!];
    z = [(m[3]! * d0 - m[1]! * d1) / determinant, (m[0]! * d1 - m[2]! * d0) / determinant];
  }
  const logScale = Math.log(determinant) * (kind === "cnf" ? 1 : -1);
  return -(z[0] ** 2 + z[1] ** 2) / 2 - Math.log(2 * Math.PI) + logScale;
}

const points = fillNormal(keyOf(subsequences.caller, 1), 0, new Float32Array(2 * 21));

for (const kind of ["cnf", "fm"] as const) {
  backendTest(`logProb() of a custom linear network is the Gaussian's, ${kind}`, [
    "cpu",
    "webgpu",
  ], async (backend) => {
    const model = modelOf(kind, linear, flat);
    const { logProb: found } = await logProb(model, enginesOf(backend), points);
    found.forEach((value, i) => {
      const expected = gaussianLogDensity(kind, flat, points.subarray(2 * i, 2 * i + 2));
      // Tolerances of 1e-5 over about 10 steps, in float32 fields.
      assert.ok(Math.abs(value - expected) < 2e-4, `row ${i}: ${value}, expected ${expected}`);
    });
    model.parameters.dispose();
  });

  backendTest(
    `sample() of a custom network is reproducible to the bit, ${kind}`,
    ["cpu"],
    async (backend) => {
      const model = modelOf(kind, linear, flat);
      const engines = enginesOf(backend);
      const withLogProb = { trace: { kind: "exact" } } as const;
      const whole = await sample(model, engines, { count: 20, seed: 3, withLogProb });
      assert.deepEqual(await sample(model, engines, { count: 20, seed: 3, withLogProb }), whole);
      const part = await sample(model, engines, { start: 5, count: 9, seed: 3, withLogProb });
      assert.deepEqual(part.samples, whole.samples.slice(10, 28));
      assert.deepEqual(part.logProb, whole.logProb!.slice(5, 14));
      whole.logProb!.forEach((value, i) => {
        const expected = gaussianLogDensity(kind, flat, whole.samples.subarray(2 * i, 2 * i + 2));
        assert.ok(Math.abs(value - expected) < 2e-4, `sample ${i}: ${value}, expected ${expected}`);
      });
      model.parameters.dispose();
    },
  );
}

/** Central differences of the exact mean NLL in the weights of the linear network, in float64. */
function exactGradient(rows: Float32Array): number[] {
  const nll = (weights: readonly number[]) => {
    let sum = 0;
    for (let i = 0; i < rows.length; i += 2) {
      sum -= gaussianLogDensity("cnf", weights, rows.subarray(i, i + 2));
    }
    return sum / (rows.length / 2);
  };
  const step = 1e-5;
  return Array.from(flat, (_, k) => {
    const moved = (by: number) => Array.from(flat, (value, i) => i === k ? value + by : value);
    return (nll(moved(step)) - nll(moved(-step))) / (2 * step);
  });
}

const methods = [{ kind: "direct" }, { kind: "adjoint", rtol: 1e-6, atol: 1e-6 }] as const;

for (const method of methods) {
  backendTest(
    `cnfLossAndGradient() of a custom linear network is exact, ${method.kind}`,
    ["cpu"],
    async (backend) => {
      const model = modelOf("cnf", linear, flat);
      const batch = tf.tensor2d(points, [21, 2]);
      const settings = {
        ...accurateSolve,
        control: { kind: "adaptive", rtol: 1e-6, atol: 1e-6 },
        trace: { kind: "exact" },
        gradient: method,
      } as const;
      const { loss, gradient } = await cnfLossAndGradient(
        model,
        enginesOf(backend),
        batch,
        settings,
        { seed: 0, step: 0 },
      );
      const found = gradient.dataSync();
      exactGradient(points).forEach((expected, k) => {
        assert.ok(Math.abs(found[k]! - expected) < 1e-4, `${k}: ${found[k]}, ${expected}`);
      });
      tf.dispose([batch, loss, gradient]);
      model.parameters.dispose();
    },
  );
}

/** So large that only a few rows fit in memory: every batch is split. */
const activations = { evaluation: 2 ** 26, training: 2 ** 26 } as const;
const timed = tanhNetwork(5);
const timedWeights = fillNormal(
  keyOf(subsequences.caller, 2),
  0,
  new Float32Array(timed.layout.size),
);

/** Compares loss and gradient with memory for all rows and for few; the network depends on t. */
async function inPieces(
  kind: FlowKind,
  of: (model: FlowModel, batch: tf.Tensor2D) => Promise<LossAndGradient> | LossAndGradient,
): Promise<void> {
  const values = async (network: Network) => {
    const model = modelOf(kind, network, timedWeights);
    const batch = tf.tensor2d(points.slice(0, 2 * 9), [9, 2]);
    const { loss, gradient } = await of(model, batch);
    const found = [...loss.dataSync(), ...gradient.dataSync()];
    tf.dispose([loss, gradient, batch]);
    model.parameters.dispose();
    return found;
  };
  const whole = await values(timed), cut = await values({ ...timed, activations });
  // float32 sums in another order.
  const largest = Math.max(...whole.map(Math.abs));
  cut.forEach((value, i) => assert.ok(Math.abs(value - whole[i]!) < 1e-5 * largest, `${i}`));
  assert.notDeepEqual(cut, whole, "the batch was not cut");
}

backendTest(
  "fmLossAndGradient() of a custom network in pieces is that of the whole",
  ["cpu"],
  () => inPieces("fm", (model, batch) => fmLossAndGradient(model, batch, { seed: 1, step: 2 })),
);

backendTest(
  "fmLossAndGradient() trains through applyAtDeviceTimes() of a custom network as through apply()",
  ["webgpu"],
  async () => {
    let calls = 0;
    const atDeviceTimes: Network = {
      ...timed,
      applyAtDeviceTimes: (parameters, x, t) => {
        calls++;
        return tanhVelocity(parameters, x, t.expandDims(1) as tf.Tensor2D);
      },
    };
    const values = async (network: Network) => {
      const model = modelOf("fm", network, timedWeights);
      const batch = tf.tensor2d(points.slice(0, 2 * 9), [9, 2]);
      const { loss, gradient } = fmLossAndGradient(model, batch, { seed: 1, step: 2 });
      const found = [...await loss.data(), ...await gradient.data()];
      tf.dispose([loss, gradient, batch]);
      model.parameters.dispose();
      return found;
    };
    const expected = await values(timed);
    assert.equal(calls, 0);
    const found = await values(atDeviceTimes);
    assert.ok(calls > 0, "training did not go through it");
    const largest = Math.max(...expected.map(Math.abs));
    assert.ok(largest > 0);
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - expected[i]!) < 1e-5 * largest, `${i}: ${value}, ${expected[i]}`);
    });
  },
);

for (const gradient of methods) {
  backendTest(
    `cnfLossAndGradient() of a custom network in pieces is that of the whole, ${gradient.kind}`,
    ["cpu"],
    (backend) =>
      inPieces("cnf", (model, batch) => {
        const control = { kind: "fixed", steps: 2 } as const;
        const settings = { ...accurateSolve, control, trace: { kind: "exact" }, gradient } as const;
        return cnfLossAndGradient(model, enginesOf(backend), batch, settings, { seed: 0, step: 0 });
      }),
  );
}

backendTest(
  "velocityInPieces() passes each piece the times and conditions of its rows",
  ["cpu"],
  () => {
    const conditioned: Network = {
      ...linear,
      apply: (_, x, { t, condition }) =>
        tf.add(
          tf.mul(x, tf.tensor2d(Float32Array.from(t), [t.length, 1])),
          condition!,
        ) as tf.Tensor2D,
    };
    tf.tidy(() => {
      const x = tf.tensor2d(points, [21, 2]);
      const t = Float64Array.from({ length: 21 }, (_, i) => i);
      const condition = tf.tensor2d(points.map((value) => 1 - value), [21, 2]);
      const whole = velocityInPieces(conditioned, [], x, { t, condition, mostRows: 21 }).dataSync();
      const cut = velocityInPieces(conditioned, [], x, { t, condition, mostRows: 4 }).dataSync();
      assert.deepEqual(cut, whole);
    });
  },
);

backendTest(
  "a custom network may return x itself and ignore its parameters",
  ["cpu"],
  async (backend) => {
    const identity: Network = { ...linear, kind: "identity", apply: (_, x) => x };
    const engines = enginesOf(backend);
    const batch = tf.tensor2d(points, [21, 2]);
    const draw = { seed: 0, step: 0 };
    const cnf = modelOf("cnf", identity, flat), fm = modelOf("fm", identity, flat);
    const { logProb: found } = await logProb(cnf, engines, points);
    found.forEach((value, i) => {
      const expected = gaussianLogDensity(
        "cnf",
        [1, 0, 0, 1, 0, 0],
        points.slice(2 * i, 2 * i + 2),
      );
      assert.ok(Math.abs(value - expected) < 2e-4, `row ${i}: ${value}, expected ${expected}`);
    });
    const settings = {
      ...accurateSolve,
      trace: { kind: "exact" },
      gradient: { kind: "direct" },
    } as const;
    const { loss, gradient } = await cnfLossAndGradient(cnf, engines, batch, settings, draw);
    assert.deepEqual([...gradient.dataSync()], [0, 0, 0, 0, 0, 0]);
    // If no parameter has a gradient, the likely reason is an operation outside tfjs.
    assert.throws(() => fmLossAndGradient(fm, batch, draw), /Cannot compute gradient/);
    tf.dispose([loss, gradient, batch]);
    cnf.parameters.dispose();
    fm.parameters.dispose();
  },
);

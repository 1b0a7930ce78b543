import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { layoutOf, Parameters } from "../../src/core/parameters.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../src/core/random/subsequences.ts";
import { cnfLossAndGradient } from "../../src/flows/losses/cnf_loss.ts";
import { logProb, type LogProbResult } from "../../src/flows/log_prob.ts";
import { accurateSolve, type FlowModel, type TraceSettings } from "../../src/flows/model.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import { sample } from "../../src/flows/sample.ts";
import { initialParameters } from "../../src/nn/init.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import type { Network } from "../../src/nn/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import { enginesInOrder } from "../../src/ode/engines/engines.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import { simdEngine } from "../../src/ode/engines/cpu/simd_engine.ts";
import { backendTest } from "../support/backends.ts";

const engines = enginesInOrder(portableEngine("host"));
const tight = {
  ...accurateSolve,
  control: { kind: "adaptive", rtol: 1e-7, atol: 1e-7 },
} as const;

function freshModel(kind: FlowModel["kind"], network: Network, weights?: Float32Array): FlowModel {
  const parameters = Parameters.fromFlat(
    network.layout,
    weights ?? initialParameters(network, 3),
  );
  return {
    kind,
    network,
    parameters,
    path: linearPath(1e-4),
    source: standardNormal,
    standardization: null,
  };
}

const normals = (index: number, count: number) =>
  fillNormal(keyOf(subsequences.caller, 8, index), 0, new Float32Array(count));

const hutchinson = (count: number, distribution: "gaussian" | "rademacher" = "rademacher") =>
  ({ kind: "hutchinson", distribution, count }) as const satisfies TraceSettings;

/** dx/dt = x M, M = [[s, 0], [k, s]]: x(1) = e^s (x_1 + k x_2, x_2), whose Jacobian is e^(2 s). */
const s = 0.6, k = -1.7;
const shear: Network = {
  kind: "shear",
  rowWidth: 2,
  layout: layoutOf([{ kind: "linear", name: "out", inputs: 2, outputs: 2 }]),
  apply: ([m], x) => tf.matMul(x, m as tf.Tensor2D),
};
const shearWeights = Float32Array.of(s, 0, k, s, 0, 0);

/** log p of a standard normal pushed through the shear. */
function shearDensity(x: ArrayLike<number>): number {
  const z2 = Math.exp(-s) * x[1]!, z1 = Math.exp(-s) * x[0]! - k * z2;
  return -(z1 * z1 + z2 * z2) / 2 - Math.log(2 * Math.PI) - 2 * s;
}

for (const image of [undefined, { height: 1, width: 2, channels: 1 }]) {
  const rows = image === undefined ? "points" : "images";
  backendTest(
    `logProb() of a custom linear field over ${rows} is the Gaussian's`,
    ["cpu"],
    async () => {
      const model = freshModel("fm", { ...shear, ...(image && { image }) }, shearWeights);
      const points = normals(0, 20);
      for (const trace of [{ kind: "exact" }, hutchinson(6), hutchinson(6, "gaussian")] as const) {
        const found = await logProb(model, engines, points, { settings: tight, trace, seed: 2 });
        const { source, trace: integral, traceStdErr, scale } = found.terms;
        found.logProb.forEach((value, row) => {
          const expected = shearDensity(points.subarray(2 * row, 2 * row + 2));
          const error = trace.kind === "exact" ? 0 : traceStdErr![row]!;
          // With five degrees of freedom, 6.9 standard errors are exceeded once in 1,000 rows.
          assert.ok(
            Math.abs(value - expected) < 1e-5 + 6.9 * error,
            `${value} ${expected} ${error}`,
          );
          assert.ok(Math.abs(source[row]! + integral[row]! + scale - value) < 1e-6);
          if (trace.kind === "exact") assert.ok(Math.abs(integral[row]! + 2 * s) < 1e-6);
        });
      }
      model.parameters.dispose();
    },
  );
}

backendTest(
  "logProb() of a custom field that reads its rows from tensors is the Gaussian's",
  ["webgpu"],
  async () => {
    const model = freshModel("fm", shear, shearWeights);
    const points = normals(0, 8);
    const settings = { ...accurateSolve, control: { kind: "fixed", steps: 8 } } as const;
    const options = { settings, trace: hutchinson(2), seed: 2 };
    const onDevice = enginesInOrder(portableEngine("tensors"));
    const { logProb: values } = await logProb(model, onDevice, points, { settings });
    values.forEach((value, row) => {
      const expected = shearDensity(points.subarray(2 * row, 2 * row + 2));
      // Eight steps of dopri5 leave an error of 1e-8; the rest is float32.
      assert.ok(Math.abs(value - expected) < 1e-4, `${value} ${expected}`);
    });
    const { terms } = await logProb(model, onDevice, points, options);
    assert.ok(terms.traceStdErr!.every(Number.isFinite));
    model.parameters.dispose();
  },
);

backendTest(
  "logProb() of images uses Hutchinson's estimate by default",
  ["cpu"],
  async () => {
    const image = { height: 1, width: 2, channels: 1 };
    const model = freshModel("fm", { ...shear, image }, shearWeights);
    const points = normals(0, 20);
    const byDefault = await logProb(model, engines, points, { seed: 2 });
    const asked = await logProb(model, engines, points, { trace: hutchinson(1), seed: 2 });
    assert.deepEqual(byDefault, asked);
    assert.equal(asked.terms.traceStdErr, null);
    model.parameters.dispose();
  },
);

/** The ConditionalMLP as a custom network: tfjs operations only. */
function unfused(network: Network): Network {
  const { fused: _, ...rest } = network;
  return rest;
}

backendTest(
  "a custom network of points integrates to 1 and has the fused one's values",
  ["cpu"],
  async () => {
    const network = mlpNetwork({ dims: 2, hidden: 8 });
    const model = freshModel("fm", network);
    const own: FlowModel = { ...model, network: unfused(network) };
    const side = 33, step = 0.5;
    const points = new Float32Array(2 * side * side);
    for (let i = 0; i < side * side; i++) {
      points[2 * i] = (i % side) * step - 8;
      points[2 * i + 1] = Math.floor(i / side) * step - 8;
    }
    const settings = { ...accurateSolve, controlGroup: 64 };
    const { logProb: values } = await logProb(own, engines, points, { settings });
    const mass = values.reduce((sum, value) => sum + Math.exp(value), 0) * step * step;
    // Trapezoidal sum of a smooth density that vanishes at the edge.
    assert.ok(Math.abs(mass - 1) < 1e-3, `mass ${mass}`);
    const fused = await logProb(model, engines, points, { settings });
    values.forEach((value, row) => assert.ok(Math.abs(value - fused.logProb[row]!) < 1e-3));
    // The same probes: each row's first is that of the fused form.
    const few = points.slice(0, 40);
    const trace = hutchinson(1, "gaussian");
    const [one, other] = [
      await logProb(own, engines, few, { trace, settings: tight }),
      await logProb(model, engines, few, { trace, settings: tight }),
    ];
    one.logProb.forEach((value, row) => assert.ok(Math.abs(value - other.logProb[row]!) < 1e-3));
    model.parameters.dispose();
  },
);

for (const trace of [{ kind: "exact" }, hutchinson(1)] as const) {
  backendTest(
    `cnfLossAndGradient() of a custom network, ${trace.kind}, is the fused one's`,
    ["cpu"],
    async () => {
      const network = mlpNetwork({ dims: 2, hidden: 8 });
      const model = freshModel("cnf", network);
      const batch = tf.tensor2d(normals(3, 24), [12, 2]);
      const control = { kind: "fixed", steps: 4 } as const;
      for (const gradient of [{ kind: "direct" }, { kind: "adjoint", rtol: 1, atol: 1 }] as const) {
        const settings = { ...accurateSolve, control, trace, gradient };
        const of = async (model: FlowModel) => {
          const found = await cnfLossAndGradient(model, engines, batch, settings, {
            seed: 1,
            step: 1,
          });
          const values = [...found.loss.dataSync(), ...found.gradient.dataSync()];
          tf.dispose([found.loss, found.gradient]);
          return values;
        };
        const fused = await of(model), own = await of({ ...model, network: unfused(network) });
        const largest = Math.max(...fused.map(Math.abs));
        // float32; both differentiate the same 16 evaluations.
        fused.forEach((value, i) => assert.ok(Math.abs(value - own[i]!) < 1e-4 * largest));
      }
      batch.dispose();
      model.parameters.dispose();
    },
  );
}

const size = { height: 4, width: 4, channels: 1 };
const imageNetworks = [
  resnetNetwork({ ...size, filters: 8, blocks: 1 }),
  unetNetwork({ ...size, filters: 4 }),
];

for (const network of imageNetworks) {
  backendTest(`logProb() of images by a ${network.kind}: probes agree with the exact trace`, [
    "cpu",
  ], async () => {
    const model = freshModel("fm", network, normals(5, network.layout.size).map((x) => x / 4));
    const rows = normals(6, 3 * 16);
    const settings = { ...accurateSolve, control: { kind: "fixed", steps: 6 } as const };
    const of = (trace: TraceSettings): Promise<LogProbResult> =>
      logProb(model, engines, rows, { settings, trace, seed: 4 });
    const exact = await of({ kind: "exact" });
    for (const distribution of ["gaussian", "rademacher"] as const) {
      const { logProb: values, terms } = await of(hutchinson(40, distribution));
      values.forEach((value, row) => {
        const score = (value - exact.logProb[row]!) / terms.traceStdErr![row]!;
        // One of 12 such scores with 39 degrees of freedom exceeds 4.5 once in 1,300 runs.
        assert.ok(Math.abs(score) < 4.5, `${value} ${exact.logProb[row]} score ${score}`);
      });
      assert.ok(terms.traceStdErr!.every((error) => error > 0));
    }
    // Rows are independent: a request in pieces has the same values.
    const { logProb: second } = await logProb(model, engines, rows.slice(16, 32), {
      settings,
      trace: { kind: "exact" },
    });
    assert.ok(Math.abs(second[0]! - exact.logProb[1]!) < 1e-4);
    model.parameters.dispose();
  });
}

backendTest(
  "sample() of images returns the log-likelihood that logProb() computes",
  ["cpu"],
  async () => {
    const network = imageNetworks[1]!;
    const model = freshModel("fm", network, normals(7, network.layout.size).map((x) => x / 4));
    const trace = { kind: "exact" } as const;
    const options = { count: 4, seed: 5, settings: tight, withLogProb: { trace } };
    const drawn = await sample(model, engines, options);
    const found = await logProb(model, engines, drawn.samples, { settings: tight, trace });
    drawn.logProb!.forEach((value, row) => {
      assert.ok(Math.abs(value - found.logProb[row]!) < 2e-4, `${value} ${found.logProb[row]}`);
    });
    model.parameters.dispose();
  },
);

backendTest(
  "logProb() with several probes has their standard error on the CPU engine too",
  ["cpu"],
  async () => {
    const model = freshModel("cnf", mlpNetwork({ dims: 3, hidden: 8 }));
    const points = normals(9, 60);
    const cpu = enginesInOrder(simdEngine({ threads: 1 }), portableEngine("host"));
    const exact = await logProb(model, cpu, points);
    const { logProb: values, terms } = await logProb(model, cpu, points, { trace: hutchinson(32) });
    const scores = values.map((value, row) =>
      (value - exact.logProb[row]!) / terms.traceStdErr![row]!
    );
    assert.ok(scores.every((score) => Math.abs(score) < 4.5), `${scores}`);
    // 20 rows: the root mean square of their scores is 1 within 0.16.
    const rms = Math.sqrt(scores.reduce((sum, score) => sum + score * score, 0) / scores.length);
    assert.ok(rms > 0.5 && rms < 1.6, `${rms}`);
    model.parameters.dispose();
  },
);

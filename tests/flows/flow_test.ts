import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { cnfLossAndGradient } from "../../src/flows/losses/cnf_loss.ts";
import { fmLoss, fmLossAndGradient } from "../../src/flows/losses/fm_loss.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { newModel } from "../../src/flows/new_model.ts";
import { linearPath } from "../../src/flows/paths/linear_path.ts";
import { accurateSolve, type FlowKind, type FlowModel } from "../../src/flows/model.ts";
import { sample, type SampleOptions } from "../../src/flows/sample.ts";
import type { Network } from "../../src/nn/network.ts";
import { mlpNetwork } from "../../src/nn/mlp/network.ts";
import { resnetNetwork } from "../../src/nn/resnet/network.ts";
import { unetNetwork } from "../../src/nn/unet/network.ts";
import type { Engine, SolveFailure, SolveProblem } from "../../src/ode/engines/engine.ts";
import { enginesInOrder } from "../../src/ode/engines/engines.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import { fillNormal } from "../../src/core/random/random.ts";
import { backendTest } from "../support/backends.ts";

const engines = enginesInOrder(portableEngine("host"));

function freshModel(kind: FlowKind, network: Network, seed = 0): FlowModel {
  return newModel(kind, network, { seed, path: linearPath(1e-4) });
}

const mlp = mlpNetwork({ dims: 2, hidden: 8 });
const resnet = resnetNetwork({ height: 4, width: 4, channels: 1, filters: 2, blocks: 1 });
const unet = unetNetwork({ height: 4, width: 4, channels: 1, filters: 4 });

for (const kind of ["cnf", "fm"] as const) {
  backendTest(`logProb() of a ${kind} integrates to 1`, ["cpu"], async () => {
    const model = freshModel(kind, mlp);
    // The fresh flow barely moves a standard normal: +-8 holds all of its mass.
    const side = 65, step = 0.25;
    const points = new Float32Array(side * side * 2);
    for (let i = 0; i < side * side; i++) {
      points[2 * i] = (i % side) * step - 8;
      points[2 * i + 1] = Math.floor(i / side) * step - 8;
    }
    const { logProb: density } = await logProb(model, engines, points);
    const mass = density.reduce((sum, value) => sum + Math.exp(value), 0) * step * step;
    // A smooth density that vanishes at the edge: the trapezoidal error is far smaller.
    assert.ok(Math.abs(mass - 1) < 1e-3, `mass ${mass}`);
    model.parameters.dispose();
  });

  backendTest(
    `sample() of a ${kind} returns the log-likelihood that logProb() computes`,
    ["cpu"],
    async () => {
      const model = freshModel(kind, mlp, 3);
      const settings = {
        ...accurateSolve,
        control: { kind: "adaptive", rtol: 1e-7, atol: 1e-7 },
      } as const;
      const withLogProb = { trace: { kind: "exact" } } as const;
      const drawn = await sample(model, engines, { seed: 5, count: 20, settings, withLogProb });
      const { logProb: found } = await logProb(model, engines, drawn.samples, { settings });
      for (let i = 0; i < 20; i++) {
        assert.ok(
          Math.abs(drawn.logProb![i]! - found[i]!) < 1e-4,
          `${drawn.logProb![i]} ${found[i]}`,
        );
      }
      model.parameters.dispose();
    },
  );
}

backendTest("a standardised model samples and scores in the data's units", ["cpu"], async () => {
  const bare = freshModel("cnf", mlp, 3);
  // A center at which float32 has steps of 128, like seconds since 1970.
  const standardization = { kind: "zscore", center: [1.7e9, -3], scale: [40, 0.01] } as const;
  const model: FlowModel = { ...bare, standardization };
  const options = { count: 16, seed: 2, times: [1, 0], withLogProb: { trace: { kind: "exact" } } };
  const z = await sample(bare, engines, options as SampleOptions);
  const x = await sample(model, engines, options as SampleOptions);
  const inDataUnits = (rows: ArrayLike<number>) =>
    Float64Array.from(rows, (value, i) => i % 2 === 0 ? 1.7e9 + 40 * value : -3 + 0.01 * value);
  assert.deepEqual(x.samples, inDataUnits(z.samples));
  assert.deepEqual(x.states, z.states.map(inDataUnits));
  // By the change of variables a density is divided by the product of the scales.
  const logScale = Math.log(40 * 0.01);
  x.logProb!.forEach((value, i) => assert.ok(Math.abs(value + logScale - z.logProb![i]!) < 1e-12));
  const [found, bareFound] = [
    await logProb(model, engines, x.samples),
    await logProb(bare, engines, z.samples),
  ];
  found.logProb.forEach((value, i) =>
    assert.ok(Math.abs(value + logScale - bareFound.logProb[i]!) < 1e-5)
  );
  // The regression loss is unitless.
  const loss = await fmLoss(model, x.samples, { seed: 1 });
  const bareLoss = await fmLoss(bare, z.samples as Float32Array, { seed: 1 });
  assert.ok(Math.abs(loss.loss / bareLoss.loss - 1) < 1e-5);
  model.parameters.dispose();
});

backendTest("logProb() by Hutchinson's estimator is right on average", ["cpu"], async () => {
  const model = freshModel("cnf", mlp);
  const n = 1500;
  const points = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) points.set([0.3, -0.7], 2 * i);
  const settings = { ...accurateSolve, controlGroup: 50 };
  const exact = (await logProb(model, engines, points.slice(0, 2), { settings })).logProb[0]!;
  for (const distribution of ["gaussian", "rademacher"] as const) {
    const trace = { kind: "hutchinson", distribution } as const;
    const { logProb: drawn } = await logProb(model, engines, points, { settings, trace, seed: 1 });
    const mean = drawn.reduce((sum, value) => sum + value, 0) / n;
    const variance = drawn.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (n - 1);
    const stdErr = Math.sqrt(variance / n);
    assert.ok(variance > 0, "every row has its own probe");
    assert.ok(Math.abs(mean - exact) < 4 * stdErr + 1e-4, `${mean} +- ${stdErr}, exact ${exact}`);
  }
  model.parameters.dispose();
});

backendTest("logProb() by Rademacher probes is exact in one dimension", ["cpu"], async () => {
  const model = freshModel("cnf", mlpNetwork({ dims: 1, hidden: 8 }));
  const points = Float32Array.of(-1, 0.2, 0.9, 2);
  const exact = await logProb(model, engines, points);
  const of = async (distribution: "gaussian" | "rademacher") => {
    const trace = { kind: "hutchinson", distribution } as const;
    const { logProb: drawn } = await logProb(model, engines, points, { trace });
    return Math.max(...drawn.map((value, i) => Math.abs(value - exact.logProb[i]!)));
  };
  // The probe is 1 or -1, and e J e = J.
  assert.ok(await of("rademacher") < 1e-5);
  assert.ok(await of("gaussian") > 1e-3);
  model.parameters.dispose();
});

for (const network of [mlp, resnet, unet]) {
  backendTest(
    `sample() of a ${network.kind}: any part of a request has the bits of the whole`,
    ["cpu"],
    async () => {
      const model = freshModel("fm", network);
      const width = network.kind === "mlp" ? 2 : 16;
      const whole = await sample(model, engines, { seed: 7, count: 70 });
      const part = await sample(model, engines, { seed: 7, start: 13, count: 30 });
      assert.deepEqual(part.samples, whole.samples.slice(13 * width, 43 * width));
      const other = await sample(model, engines, { seed: 8, count: 1 });
      assert.notDeepEqual(other.samples, whole.samples.slice(0, width));
      model.parameters.dispose();
    },
  );
}

backendTest(
  "sample() keeps the requested states, from the prior to the samples",
  ["cpu"],
  async () => {
    const model = freshModel("cnf", mlp);
    const times = [1, 0.5, 0];
    const drawn = await sample(model, engines, { seed: 2, count: 5, times });
    const prior = fillNormal({ seed: 2, stream: 7 }, 0, new Float32Array(10));
    assert.deepEqual(drawn.states[0], prior);
    assert.deepEqual(drawn.states[2], drawn.samples);
    const plain = await sample(model, engines, { seed: 2, count: 5 });
    assert.deepEqual(drawn.samples, plain.samples);
    model.parameters.dispose();
  },
);

backendTest("cnfLossAndGradient() has the mean and slope of logProb()", ["cpu"], async () => {
  const model = freshModel("cnf", mlp);
  const points = fillNormal({ seed: 1, stream: 0 }, 0, new Float32Array(40));
  const settings = {
    ...accurateSolve,
    control: { kind: "adaptive", rtol: 1e-6, atol: 1e-6 },
    trace: { kind: "exact" },
    gradient: { kind: "direct" },
  } as const;
  const batch = tf.tensor2d(points, [20, 2]);
  const { loss, gradient, nfe } = await cnfLossAndGradient(model, engines, batch, settings, {
    seed: 0,
    step: 0,
  });
  const nll = async () => {
    const { logProb: values } = await logProb(model, engines, points, { settings });
    return -values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  assert.ok(Math.abs(loss.dataSync()[0]! - await nll()) < 1e-5);
  assert.ok(await nfe!() > 10);
  // Along the gradient, by central differences.
  const slope = Math.hypot(...gradient.dataSync());
  const direction = tf.mul(gradient, 1 / slope) as tf.Tensor1D;
  const start = tf.clone(model.parameters.flat);
  const at = async (distance: number) => {
    model.parameters.replace(tf.tidy(() => tf.add(start, tf.mul(direction, distance))));
    return await nll();
  };
  const measured = (await at(1e-2) - await at(-1e-2)) / 2e-2;
  assert.ok(Math.abs(measured / slope - 1) < 1e-2, `slope ${slope}, measured ${measured}`);
  tf.dispose([batch, loss, gradient, direction, start]);
  model.parameters.dispose();
});

backendTest(
  "cnfLossAndGradient() records steps only for the direct gradient",
  ["cpu"],
  async () => {
    const model = freshModel("cnf", mlp);
    const kept: string[] = [];
    const engine = portableEngine("host");
    const watched = enginesInOrder({
      ...engine,
      solve: (problem: SolveProblem) => (kept.push(problem.keep.kind), engine.solve(problem)),
    });
    const batch = tf.tensor2d([[0.5, 1], [-1, 0]]);
    const gradients: tf.Tensor1D[] = [];
    for (
      const method of [{ kind: "direct" }, { kind: "adjoint", rtol: 1e-6, atol: 1e-6 }] as const
    ) {
      const control = { kind: "adaptive", rtol: 1e-6, atol: 1e-6 } as const;
      const settings = {
        ...accurateSolve,
        control,
        trace: { kind: "exact" },
        gradient: method,
      } as const;
      const found = await cnfLossAndGradient(model, watched, batch, settings, { seed: 0, step: 0 });
      gradients.push(found.gradient);
      found.loss.dispose();
    }
    assert.deepEqual(kept, ["records", "end"]); // the adjoint's memory does not grow with the steps
    const gap = tf.tidy(() => tf.max(tf.abs(tf.sub(gradients[0]!, gradients[1]!))).dataSync()[0]!);
    assert.ok(gap < 1e-4, `the two gradients differ by ${gap}`);
    tf.dispose([batch, ...gradients]);
    model.parameters.dispose();
  },
);

backendTest(
  "cnfLossAndGradient() reads nothing between a solve and its VJP, and reports failures when read",
  ["cpu"],
  async () => {
    const model = freshModel("cnf", mlp);
    const portable = portableEngine("host");
    const events: string[] = [];
    /** An engine that detects a failed solve late. */
    const lateEngine = (failure: SolveFailure | null): Engine => ({
      ...portable,
      async pullBack(...given) {
        const { nfe, ...gradient } = await portable.pullBack(...given);
        events.push("pull-back");
        return { ...gradient, nfe: () => (events.push("its nfe"), nfe()) };
      },
      report(solution) {
        const report = portable.report(solution);
        return async () => {
          events.push("report");
          return (await report()).map((group) => ({ ...group, failure }));
        };
      },
    });
    const batch = tf.tensor2d([[0.5, 1], [-1, 0]]);
    const settings = {
      ...accurateSolve,
      trace: { kind: "exact" },
      gradient: { kind: "direct" },
    } as const;
    const nfeBy = async (failure: SolveFailure | null) => {
      events.length = 0;
      const engines = enginesInOrder(lateEngine(failure));
      const draw = { seed: 0, step: 0 };
      const { loss, gradient, nfe } = await cnfLossAndGradient(
        model,
        engines,
        batch,
        settings,
        draw,
      );
      assert.deepEqual(events, ["pull-back"]);
      tf.dispose([loss, gradient]);
      return nfe!;
    };
    assert.ok(await (await nfeBy(null))() > 10);
    assert.deepEqual(events.sort(), ["its nfe", "pull-back", "report"]);
    const failed = await nfeBy({ kind: "maxStepsReached", t: 0.4, h: 0.1 });
    await assert.rejects(failed, {
      name: "FailureError",
      message: /samples 0 to 1 at t = 0.4 .*`maxSteps` above/,
    });
    batch.dispose();
    model.parameters.dispose();
  },
);

backendTest(
  "fmLossAndGradient() draws by (seed, step) and decreases along its gradient",
  ["cpu"],
  () => {
    const model = freshModel("fm", mlp);
    const batch = tf.tensor2d(fillNormal({ seed: 9, stream: 0 }, 0, new Float32Array(64)), [32, 2]);
    const first = fmLossAndGradient(model, batch, { seed: 0, step: 4 });
    const again = fmLossAndGradient(model, batch, { seed: 0, step: 4 });
    const other = fmLossAndGradient(model, batch, { seed: 0, step: 5 });
    assert.deepEqual(again.gradient.dataSync(), first.gradient.dataSync());
    assert.notDeepEqual(other.loss.dataSync(), first.loss.dataSync());
    const next = tf.tidy(() => tf.sub(model.parameters.flat, tf.mul(first.gradient, 1e-2)));
    model.parameters.replace(next as tf.Tensor1D);
    const later = fmLossAndGradient(model, batch, { seed: 0, step: 4 });
    assert.ok(later.loss.dataSync()[0]! < first.loss.dataSync()[0]!);
    for (const { loss, gradient } of [first, again, other, later]) tf.dispose([loss, gradient]);
    batch.dispose();
    model.parameters.dispose();
  },
);

backendTest("fmLoss() is the mean over any number of rows", ["cpu"], async () => {
  const model = freshModel("fm", mlp);
  const rows = fillNormal({ seed: 9, stream: 0 }, 0, new Float32Array(1200));
  const { loss, lossStdErr } = await fmLoss(model, rows, { seed: 0 });
  assert.ok(loss > 0.5 && loss < 4, `${loss}`);
  const half = await fmLoss(model, rows.slice(0, 600), { seed: 0 });
  const ratio = half.lossStdErr / lossStdErr;
  assert.ok(ratio > 1.1 && ratio < 1.8, `the standard error falls as 1/sqrt(n): ${ratio}`);
  await assert.rejects(() => fmLoss(model, new Float32Array(0), { seed: 0 }), RangeError);
  model.parameters.dispose();
});

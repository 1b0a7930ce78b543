import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../../src/core/parameters.ts";
import { fillNormal } from "../../../src/core/random/random.ts";
import { keyOf, subsequences } from "../../../src/core/random/subsequences.ts";
import type { CnfLossSettings } from "../../../src/flows/likelihood_problem.ts";
import { cnfLossAndGradient } from "../../../src/flows/losses/cnf_loss.ts";
import { accurateSolve, type FlowModel, type TraceSettings } from "../../../src/flows/model.ts";
import { linearPath } from "../../../src/flows/paths/linear_path.ts";
import { standardNormal } from "../../../src/flows/sources/standard_normal.ts";
import { initialParameters } from "../../../src/nn/init.ts";
import { mlpNetwork } from "../../../src/nn/mlp/network.ts";
import type { Network } from "../../../src/nn/network.ts";
import { simdEngine } from "../../../src/ode/engines/cpu/simd_engine.ts";
import type { GradientMethod } from "../../../src/ode/engines/engine.ts";
import { type Engines, enginesInOrder } from "../../../src/ode/engines/engines.ts";
import { portableEngine } from "../../../src/ode/engines/portable/portable_engine.ts";
import { backendTest } from "../../support/backends.ts";
import { linear } from "../../support/own_networks.ts";

const portable = enginesInOrder(portableEngine("host"));
const exact = { kind: "exact" } as const;
const hutchinson = { kind: "hutchinson", distribution: "rademacher" } as const;
const adjoint = { kind: "adjoint", rtol: 1e-7, atol: 1e-7 } as const;
const direct = { kind: "direct" } as const;

function modelOf(network: Network, weights: Float32Array): FlowModel {
  const parameters = Parameters.fromFlat(network.layout, weights);
  return {
    kind: "cnf",
    network,
    parameters,
    path: linearPath(0),
    source: standardNormal,
    standardization: null,
  };
}

const regularization = { kinetic: 0.1, jacobian: 0.05 };

const rows = fillNormal(keyOf(subsequences.caller, 8, 40), 0, new Float32Array(24));

/** Loss, energies, gradient and evaluations over the rows. */
async function found(
  model: FlowModel,
  engines: Engines,
  settings: Pick<CnfLossSettings, "trace" | "gradient" | "regularization" | "control">,
) {
  const batch = tf.tensor2d(rows, [rows.length / 2, 2]);
  const all = { ...accurateSolve, ...settings };
  const { loss, gradient, nfe, energies } = await cnfLossAndGradient(model, engines, batch, all, {
    seed: 1,
    step: 1,
  });
  const result = {
    loss: loss.dataSync()[0]!,
    energies: energies === undefined ? null : [...energies.dataSync()],
    gradient: gradient.dataSync().slice(),
    nfe: await nfe(),
  };
  tf.dispose([batch, loss, gradient, ...(energies === undefined ? [] : [energies])]);
  return result;
}

const close = (value: number, expected: number, tolerance: number) =>
  assert.ok(
    Math.abs(value - expected) < tolerance * (1 + Math.abs(expected)),
    `${value} ${expected}`,
  );

/** Likelihood and energies of dx/dt = x diag(m): x_d(t) = x_d e^(m_d t), |J|_F^2 = |m|^2. */
function closedForm(m: readonly number[]) {
  const n = rows.length / 2;
  let loss = Math.log(2 * Math.PI) - m[0]! - m[1]!, kinetic = 0;
  rows.forEach((x, i) => {
    const rate = m[i % 2]!;
    loss += (x * Math.exp(rate)) ** 2 / 2 / n;
    kinetic += (rate * x) ** 2 * (Math.exp(2 * rate) - 1) / (2 * rate) / n;
  });
  return { loss, kinetic, jacobian: m[0]! ** 2 + m[1]! ** 2 };
}

const cases: readonly (readonly [TraceSettings, GradientMethod])[] = [
  [exact, direct],
  [exact, adjoint],
  // Signs give a diagonal Jacobian its exact trace and norm.
  [hutchinson, direct],
];
for (const [trace, gradient] of cases) {
  backendTest(
    `cnfLossAndGradient() of a linear field has its closed form's energies, ${trace.kind}, ${gradient.kind}`,
    ["cpu"],
    async () => {
      const rates = [Math.fround(0.6), Math.fround(-0.9)];
      const model = modelOf(linear, Float32Array.of(rates[0]!, 0, 0, rates[1]!, 0, 0));
      const regularization = { kinetic: 0.3, jacobian: 0.2 };
      const control = { kind: "adaptive", rtol: 1e-7, atol: 1e-7 } as const;
      const of = await found(model, portable, { trace, gradient, regularization, control });
      model.parameters.dispose();
      const { loss, kinetic, jacobian } = closedForm(rates);
      // The loss is the likelihood alone.
      close(of.loss, loss, 1e-5);
      close(of.energies![0]!, kinetic, 1e-5);
      close(of.energies![1]!, jacobian, 1e-5);
      const total = (m: readonly number[]) => {
        const { loss, kinetic, jacobian } = closedForm(m);
        return loss + 0.3 * kinetic + 0.2 * jacobian;
      };
      rates.forEach((_, d) => {
        const moved = (by: number) => total(rates.map((rate, i) => i === d ? rate + by : rate));
        close(of.gradient[3 * d]!, (moved(1e-5) - moved(-1e-5)) / 2e-5, 1e-4);
      });
    },
  );
}

backendTest("energies change no step of the solve, and the loss remains the likelihood", [
  "cpu",
], async () => {
  const network = mlpNetwork({ dims: 2, hidden: 8 });
  const model = modelOf(network, initialParameters(network, 3).map((weight) => 3 * weight));
  const cpu = enginesInOrder(simdEngine({ threads: 1 }));
  // Rounding alone may decide about a step; at this tolerance it decides none.
  const control = { kind: "adaptive", rtol: 1e-5, atol: 1e-5 } as const;
  const plain = await found(model, cpu, { trace: exact, gradient: direct, control });
  const settings = { trace: exact, gradient: direct, control, regularization };
  const regularized = await found(model, cpu, settings);
  assert.equal(plain.energies, null);
  assert.equal(regularized.nfe, plain.nfe);
  close(regularized.loss, plain.loss, 1e-6);
  assert.notDeepEqual(regularized.gradient, plain.gradient);
  model.parameters.dispose();
});

for (const gradient of [direct, adjoint]) {
  backendTest(`every form of a field has the same energies and ${gradient.kind} gradient`, [
    "cpu",
  ], async () => {
    const network = mlpNetwork({ dims: 2, hidden: 8 });
    const { fused: _, ...own } = network;
    const model = modelOf(network, initialParameters(network, 3).map((weight) => 3 * weight));
    const settings = {
      ...{ trace: exact, gradient, regularization },
      control: { kind: "fixed", steps: 3 } as const,
    };
    const fused = await found(model, enginesInOrder(simdEngine({ threads: 1 })), settings);
    // The other implementation of the fused field, and VJPs of a network without a fused one.
    for (const other of [model, { ...model, network: own }]) {
      const reference = await found(other, portable, settings);
      const largest = Math.max(...reference.gradient.map(Math.abs));
      fused.energies!.forEach((value, i) => close(value, reference.energies![i]!, 1e-5));
      fused.gradient.forEach((value, i) =>
        assert.ok(Math.abs(value - reference.gradient[i]!) < 1e-4 * largest)
      );
    }
    model.parameters.dispose();
  });
}

backendTest("the gradient with energies has the same bits on any number of threads", [
  "cpu",
], async () => {
  const network = mlpNetwork({ dims: 2, hidden: 8 });
  const model = modelOf(network, initialParameters(network, 3));
  const control = { kind: "adaptive", rtol: 1e-4, atol: 1e-4 } as const;
  for (const trace of [exact, hutchinson]) {
    const settings = { trace, gradient: direct, control, regularization };
    const [one, three] = [
      await found(model, enginesInOrder(simdEngine({ threads: 1 })), settings),
      await found(model, enginesInOrder(simdEngine({ threads: 3 })), settings),
    ];
    assert.deepEqual(three, one);
  }
  model.parameters.dispose();
});

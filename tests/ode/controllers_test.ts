import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { Parameters } from "../../src/core/parameters.ts";
import {
  integralController,
  piController,
  pidController,
  type StepController,
  stepController,
} from "../../src/ode/controllers.ts";
import { simdEngine } from "../../src/ode/engines/cpu/simd_engine.ts";
import type { Engine, SolveProblem } from "../../src/ode/engines/engine.ts";
import { type HostRows, hostRows, hostSpace } from "../../src/ode/engines/portable/host_rows.ts";
import { portableEngine } from "../../src/ode/engines/portable/portable_engine.ts";
import type { Field } from "../../src/ode/field.ts";
import { solveRows } from "../../src/ode/solver/solve.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { mlpLayout } from "../../src/ops/mlp_field/contract.ts";
import { relativeError } from "../parity/fixtures.ts";
import { backendTest } from "../support/backends.ts";
import { randomNumbers, randomWeights } from "./engines/mlp_problem.ts";

const shape = { dims: 2, hidden: 8 };
const layout = mlpLayout(shape);

/**
 * Weights of a velocity near -rate (z - c(t)): each layer passes a tenth of z on, where tanh is nearly
 * the identity, and the last one undoes the scaling. The time embedding moves c.
 */
function relaxingWeights(rate: number): Float32Array {
  const flat = new Float32Array(layout.size);
  const weights = layout.entries.filter(({ deviceShape }) => deviceShape.length === 2);
  weights.forEach(({ offset, deviceShape }, layer) => {
    const outputs = deviceShape[1]!;
    const diagonal = layer < weights.length - 1 ? 0.1 : -rate / 0.1 ** (weights.length - 1);
    for (let i = 0; i < shape.dims; i++) flat[offset + i * outputs + i] = diagonal;
  });
  return flat;
}

interface Solved {
  readonly y1: Float32Array;
  readonly reports: readonly {
    readonly accepted: number;
    readonly rejected: number;
  }[];
}

async function solve(
  engine: Engine,
  weights: Float32Array,
  changes: Partial<SolveProblem>,
): Promise<Solved> {
  const parameters = Parameters.fromFlat(layout, weights);
  const y0 = tf.tensor2d(Float32Array.from(randomNumbers(12, 1)), [6, 2]);
  const problem: SolveProblem = {
    field: { kind: "mlp", ...shape, parameters, trace: null },
    y0,
    t0: 0,
    t1: 1,
    tableau: dopri5,
    control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
    controlGroup: 2,
    maxSteps: 10_000,
    keep: { kind: "end" },
    ...changes,
  };
  try {
    const solution = await engine.solve(problem);
    const y1 = Float32Array.from(await solution.y1.data());
    const reports = await engine.report(solution)();
    solution.dispose();
    return { y1, reports };
  } finally {
    y0.dispose();
    parameters.dispose();
  }
}

const by = (tolerance: number, controller?: StepController): Pick<SolveProblem, "control"> => ({
  control: {
    kind: "adaptive",
    rtol: tolerance,
    atol: tolerance,
    ...(controller && { controller }),
  },
});

const engines: Record<string, () => Engine> = {
  "the CPU engine": () => simdEngine({ threads: 1 }),
  "the portable engine": () => portableEngine("host"),
};

for (const [name, open] of Object.entries(engines)) {
  backendTest(`a PID controller of gains 1, 0, 0 has the default's bits on ${name}`, [
    "cpu",
  ], async () => {
    const engine = open(), weights = randomWeights(shape, 3);
    const byDefault = await solve(engine, weights, by(1e-5));
    for (
      const controller of [
        integralController,
        stepController("PID", { integral: 1, proportional: 0, derivative: 0 }),
      ]
    ) {
      assert.deepEqual(await solve(engine, weights, by(1e-5, controller)), byDefault);
    }
    const other = await solve(engine, weights, by(1e-5, pidController));
    assert.notDeepEqual(other.y1, byDefault.y1);
  });

  backendTest(
    `PI and PID controllers reject a third at most where stability limits the steps, on ${name}`,
    ["cpu"],
    async () => {
      const engine = open(), weights = relaxingWeights(300);
      const { y1: truth } = await solve(engine, weights, by(1e-6));
      const count = async (controller: StepController) => {
        const { y1, reports } = await solve(engine, weights, by(1e-3, controller));
        const error = relativeError(y1, truth);
        assert.ok(error < 1e-2, `${controller.name}: ${error}`);
        const sum = (key: "accepted" | "rejected") =>
          reports.reduce((total, report) => total + report[key], 0);
        return { accepted: sum("accepted"), rejected: sum("rejected") };
      };
      const i = await count(integralController);
      // dopri5 is stable up to |h rate| = 3.3: some 90 steps per group.
      assert.ok(i.accepted > 200 && i.rejected > 30, `I: ${i.accepted}, ${i.rejected}`);
      for (const controller of [piController, pidController]) {
        const { accepted, rejected } = await count(controller);
        assert.ok(rejected < i.rejected / 3, `${controller.name}: ${rejected}, I ${i.rejected}`);
        assert.ok(accepted + rejected < i.accepted + i.rejected, `${accepted} and ${rejected}`);
      }
    },
  );
}

backendTest("both engines take the same steps by every controller", ["cpu"], async () => {
  const weights = randomWeights(shape, 3);
  const own = stepController("own", { integral: 0.5, proportional: 0.2, derivative: 0.05 }, {
    safety: 0.8,
    growth: 3,
    shrinkAccepted: 0.5,
    shrinkRejected: 0.3,
  });
  for (const controller of [integralController, piController, pidController, own]) {
    // At 1e-3 error estimates are far above float32 rounding.
    for (const errorOrder of [5, 4]) {
      const changes = { ...by(1e-3, controller), tableau: { ...dopri5, errorOrder } };
      const [ours, theirs] = await Promise.all(
        Object.values(engines).map((open) => solve(open(), weights, changes)),
      );
      assert.deepEqual(ours!.reports, theirs!.reports);
      // Rounding changes step sizes by 1e-5 or so, and errors of 1e-3 with them.
      assert.ok(relativeError(ours!.y1, theirs!.y1) < 1e-3);
    }
  }
});

/** van der Pol's oscillator with mu = 20: slow arcs on which stability limits the steps, and fast ones. */
const vanDerPol: Field<HostRows> = {
  parts: null,
  evaluate: (_t, { data: [x, v] }) =>
    hostRows(Float64Array.of(v!, 20 * (1 - x! * x!) * v! - x!), 1, 2),
};

Deno.test("controllers reach the same state of a stiff oscillator, PI and PID with a third of the rejections", async () => {
  const solveBy = async (tolerance: number, controller: StepController) => {
    const { y1, reports } = await solveRows({
      ...by(tolerance, controller),
      space: hostSpace,
      field: vanDerPol,
      y0: hostRows(Float64Array.of(2, 0), 1, 2),
      t0: 0,
      t1: 25,
      tableau: dopri5,
      controlGroup: "batch",
      maxSteps: 100_000,
      times: [],
      onStep: null,
    });
    return { y: y1.data, rejected: reports[0]!.rejected };
  };
  const { y: truth } = await solveBy(1e-11, integralController);
  const { rejected } = await solveBy(1e-6, integralController);
  assert.ok(rejected > 50, `${rejected}`);
  for (const controller of [integralController, piController, pidController]) {
    const found = await solveBy(1e-6, controller);
    const error = relativeError(found.y, truth);
    assert.ok(error < 1e-4, `${controller.name}: ${error}`);
    if (controller !== integralController) {
      assert.ok(
        found.rejected < rejected / 3,
        `${controller.name}: ${found.rejected}, I ${rejected}`,
      );
    }
  }
});

Deno.test("stepController() refuses numbers with which a solve might not terminate", () => {
  const wrong = [
    [{ integral: 0 }, {}, /three finite exponents, the first above 0, got 0,/],
    [{ integral: NaN }, {}, /three finite exponents/],
    [{ integral: 1 }, { safety: 1 }, /safety between 0 and 1, got 1/],
    [{ integral: 1 }, { growth: Infinity }, /growth from 1, finite, got Infinity/],
    [
      { integral: 1 },
      { shrinkRejected: 0.95 },
      /shrinkRejected between 0 and safety 0.9, got 0.95/,
    ],
    [{ integral: 1 }, { shrinkAccepted: 0 }, /shrinkAccepted above 0, at most 1, got 0/],
  ] as const;
  for (const [gains, limits, message] of wrong) {
    assert.throws(() => stepController("wrong", gains, limits), { name: "RangeError", message });
  }
});

backendTest("engines refuse an invalid controller", ["cpu"], async () => {
  const controller = { ...integralController, shrinkRejected: 1.5 };
  for (const open of Object.values(engines)) {
    await assert.rejects(
      async () => await solve(open(), randomWeights(shape), by(1e-3, controller)),
      /step controller I: expected shrinkRejected/,
    );
  }
});

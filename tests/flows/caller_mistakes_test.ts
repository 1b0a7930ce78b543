import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { keyOf, subsequences } from "../../src/core/random/subsequences.ts";
import { withDivergence } from "../../src/flows/divergence.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { fmLoss } from "../../src/flows/losses/fm_loss.ts";
import { accurateSolve, type SolveSettings, type TraceSettings } from "../../src/flows/model.ts";
import { newModel } from "../../src/flows/new_model.ts";
import { sample } from "../../src/flows/sample.ts";
import { drawSource } from "../../src/flows/sources/source.ts";
import { standardNormal } from "../../src/flows/sources/standard_normal.ts";
import type { TimeSampler } from "../../src/flows/times/time_sampler.ts";
import { openDevice } from "../../src/ode/engines/open_device.ts";
import { tensorField } from "../../src/ode/engines/portable/tensor_field.ts";
import { dopri5 } from "../../src/ode/tableaus/dopri5.ts";
import { backendTest } from "../support/backends.ts";
import { linear } from "../support/own_networks.ts";

// What a compiler would refuse, or cannot see, in a program's own values: without these checks each
// of them gave numbers that mean nothing.

const points = Float32Array.of(0.1, 0.2, 0.3, 0.4);

backendTest("sample() and logProb() refuse settings that are not whole", ["cpu"], async () => {
  const { engines } = await openDevice("cpu");
  const model = newModel("fm", linear);
  const attempts: [Partial<Record<keyof SolveSettings, unknown>>, RegExp][] = [
    [{ tableau: dopri5 }, /settings.control must be .*, got undefined; begin with .*accurateSolve/],
    [{ ...accurateSolve, tableau: "rk4" }, /settings.tableau must be a tableau .*, got "rk4"/],
    [{ ...accurateSolve, controlGroup: 0 }, /settings.controlGroup must be .*, got 0/],
    [{ ...accurateSolve, controlGroup: undefined }, /settings.controlGroup must be/],
    [{ ...accurateSolve, control: { kind: "adaptive", rtol: -1, atol: 1 } }, /rtol.* got -1 and 1/],
    [
      { ...accurateSolve, control: { kind: "adaptive", rtol: 1e-3 } },
      /atol.* got 0.001 and undefined/,
    ],
  ];
  for (const [given, message] of attempts) {
    const settings = given as unknown as SolveSettings;
    const refusal = { name: "RangeError", message };
    await assert.rejects(sample(model, engines, { count: 2, settings }), refusal);
    await assert.rejects(logProb(model, engines, points, { settings }), refusal);
  }
  for (const times of [[1, 0], [0, 2], [-1], [NaN]]) {
    await assert.rejects(sample(model, engines, { count: 2, times }), {
      name: "RangeError",
      message: `solve: expected times in order from t = 0 to 1, got ${times.join(", ")}`,
    });
  }
  for (const count of [0, -1, 1.5]) {
    const trace = { kind: "hutchinson", distribution: "gaussian", count } as const;
    await assert.rejects(logProb(model, engines, points, { trace }), /count of at least 1, got/);
  }
  const trace = "exact" as unknown as TraceSettings;
  const refusal = { name: "RangeError", message: /: trace must be .*, got "exact"$/ };
  await assert.rejects(logProb(model, engines, points, { trace }), refusal);
  await assert.rejects(sample(model, engines, { count: 2, withLogProb: { trace } }), refusal);
  assert.throws(() => withDivergence(tensorField((_, z) => z, null), trace as never, 2), {
    name: "RangeError",
    message: /^withDivergence: trace must be/,
  });
  model.parameters.dispose();
});

backendTest(
  "a source whose log-density is not one number per row is refused",
  ["cpu"],
  async () => {
    const { engines } = await openDevice("cpu");
    const source = { ...standardNormal, name: "whole", logDensity: (z: tf.Tensor2D) => tf.sum(z) };
    const model = newModel("fm", linear, { source: source as never });
    await assert.rejects(logProb(model, engines, points), {
      name: "RangeError",
      message: "source whole: logDensity() must return one number per row, [2], got []",
    });
    const silent = { ...model, source: { name: "silent", draw: standardNormal.draw } as never };
    await assert.rejects(logProb(silent, engines, points), { name: "InputError" });
    model.parameters.dispose();
  },
);

backendTest(
  "fmLoss() refuses times outside [0, 1] and couplings of another form",
  ["cpu"],
  async () => {
    const model = newModel("fm", linear);
    const constant = (value: number, surplus = 0): TimeSampler => ({
      name: "constant",
      draw: (_key, { count }) => new Float32Array(count + surplus).fill(value),
    });
    for (const times of [constant(1.5), constant(-0.25), constant(NaN), constant(0.5, 1)]) {
      await assert.rejects(fmLoss(model, points, { seed: 0, times }), {
        name: "RangeError",
        message: /^times constant: draw\(\) must return .* of 2 times in \[0, 1\], got/,
      });
    }
    const coupling = { name: "async", pair: () => Promise.resolve(null) as never };
    await assert.rejects(fmLoss(model, points, { seed: 0, coupling }), {
      name: "RangeError",
      message: /^coupling async: pair\(\) must return indices/,
    });
    model.parameters.dispose();
  },
);

backendTest(
  "sample() and logProb() refuse options that they do not have, and networks of whole numbers",
  ["cpu"],
  async () => {
    const { engines } = await openDevice("cpu");
    const model = newModel("fm", linear);
    const refusedBoth = async (option: object, message: string) => {
      for (const caller of ["sample", "logProb"]) {
        const refusal = { name: "RangeError", message: `${caller}: ${message}` };
        const solve = caller === "sample"
          ? sample(model, engines, { count: 2, ...option })
          : logProb(model, engines, points, option);
        await assert.rejects(solve, refusal);
      }
    };
    await refusedBoth(
      { method: "euler" },
      'there is no option "method", give settings: { ...accurateSolve, tableau: rk4 }',
    );
    await refusedBoth({ sed: 1 }, 'there is no option "sed", did you mean "seed"?');
    await assert.rejects(
      sample(model, engines, { count: 2, prior: "foo" as never }),
      /prior must be "samples" or "evaluation", got "foo"/,
    );
    await assert.rejects(
      logProb(model, engines, points, { onFailure: "skip" as never }),
      /onFailure must be "stop" or "continue", got "skip"/,
    );
    const whole = newModel("fm", { ...linear, apply: (_, x) => tf.cast(x, "int32") });
    await assert.rejects(
      sample(whole, engines, { count: 2 }),
      /linear: apply\(\) must return float32 numbers, got int32/,
    );
    whole.parameters.dispose();
    model.parameters.dispose();
  },
);

Deno.test("newModel() refuses a kind that is none", () => {
  assert.throws(() => newModel("vae" as never, linear), /kind must be "cnf" or "fm", got "vae"/);
});

Deno.test("drawSource() names what a source gave instead of its rows", () => {
  const source = { ...standardNormal, draw: () => [1, 2] as unknown as Float32Array };
  const key = keyOf(subsequences.noise, 0);
  assert.throws(() => drawSource(source, key, { first: 0, count: 3, width: 2 }), {
    message: /^source standard-normal: .* of 3 rows of 2 numbers, got Array of 2$/,
  });
});

import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import fc from "fast-check";
import {
  type AdamState,
  adamStep,
  type AdamStepSettings,
  portableAdamStep,
} from "../../../src/ops/adam/adam_step.ts";
import { openBackend } from "../../../src/backends/open_backend.ts";
import { ADAM_STEP } from "../../../src/ops/adam/contract.ts";
import { backendTest } from "../../support/backends.ts";
import { numbers } from "../_builds.ts";

/** The vectors of a problem, as arrays. */
interface Vectors {
  readonly weights: Float32Array;
  readonly gradient: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly average: Float32Array | null;
}

function vectors(size: number, hasAverage: boolean, phase = 0): Vectors {
  return {
    weights: numbers(size, phase + 1),
    gradient: numbers(size, phase + 2),
    m: numbers(size, phase + 3).map((x) => 0.1 * x),
    v: numbers(size, phase + 4).map((x) => 0.01 * x * x),
    average: hasAverage ? numbers(size, phase + 5) : null,
  };
}

/** The updated weights, m, v and average of one implementation, in that order, read back. */
async function stepOf(
  form: typeof adamStep,
  given: Vectors,
  settings: AdamStepSettings,
): Promise<Float32Array[]> {
  const [weights, gradient, m, v] = [given.weights, given.gradient, given.m, given.v]
    .map((values) => tf.tensor1d(values));
  const average = given.average === null ? null : tf.tensor1d(given.average);
  const state: AdamState = { weights: weights!, m: m!, v: v!, average };
  const before = tf.memory().numTensors;
  const { weights: w1, m: m1, v: v1, average: a1 } = form(state, gradient!, settings);
  const next = a1 === null ? [w1, m1, v1] : [w1, m1, v1, a1];
  assert.equal(tf.memory().numTensors, before + next.length);
  const values = await Promise.all(next.map((tensor) => tensor.data()));
  tf.dispose([...next, weights!, gradient!, m!, v!, ...(average === null ? [] : [average])]);
  return values.map((values) => Float32Array.from(values));
}

/** Since `assert.deepEqual` of long arrays takes seconds. */
function assertSameBits(actual: readonly Float32Array[], expected: readonly Float32Array[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((values, which) => {
    const bits = new Uint32Array(values.buffer), others = new Uint32Array(expected[which]!.buffer);
    const place = bits.findIndex((value, i) => value !== others[i]);
    assert.ok(bits.length === others.length && place < 0, `vector ${which} differs at ${place}`);
  });
}

/** The formulas in float64. */
function float64Step(given: Vectors, settings: AdamStepSettings): Float64Array[] {
  const { step, lr, weightDecay, clip, averageDecay } = settings;
  const norm = Math.sqrt(given.gradient.reduce((sum, g) => sum + g * g, 0));
  const factor = clip === 0 ? 1 : Math.min(1, clip / (norm + 1e-6));
  const wide = (values: Float32Array) => Float64Array.from(values);
  const g = wide(given.gradient).map((g, i) => factor * g + weightDecay * given.weights[i]!);
  const m = wide(given.m).map((m, i) => 0.9 * m + 0.1 * g[i]!);
  const v = wide(given.v).map((v, i) => 0.999 * v + 0.001 * g[i]! ** 2);
  const weights = wide(given.weights).map((w, i) => {
    const mHat = m[i]! / (1 - 0.9 ** (step + 1)), vHat = v[i]! / (1 - 0.999 ** (step + 1));
    return w - lr * mHat / (Math.sqrt(vHat) + 1e-8);
  });
  const average = given.average === null ? [] : [
    wide(given.average).map((a, i) => averageDecay * a + (1 - averageDecay) * weights[i]!),
  ];
  return [weights, m, v, ...average];
}

const settings: fc.Arbitrary<AdamStepSettings> = fc.record({
  step: fc.constantFrom(0, 1, 17, 100_000),
  lr: fc.constantFrom(0, 1e-3, 0.1),
  weightDecay: fc.constantFrom(0, 0.01, 1),
  clip: fc.constantFrom(0, 1e-3, 1, 1e6), // none, active, by size, inactive
  averageDecay: fc.constantFrom(0.1, 0.999),
});
const sizes = fc.oneof(
  fc.integer({ min: 1, max: 20 }),
  fc.constantFrom(64, 65, 251, 1021, 2053, 20_011), // primes among them
);

/** Asserts that results agree with the float64 formulas, relative to the scale of each vector. */
function assertNearFloat64(
  actual: readonly Float32Array[],
  given: Vectors,
  settings: AdamStepSettings,
) {
  const expected = float64Step(given, settings);
  assert.equal(actual.length, expected.length);
  actual.forEach((values, which) =>
    values.forEach((value, i) => {
      // About ten roundings of 6e-8; sums may cancel, so the scale is that of their terms.
      const scale = Math.abs(expected[which]![i]!) + [1 + settings.lr * 30, 0.3, 0.01, 4][which]!;
      const gap = Math.abs(value - expected[which]![i]!);
      assert.ok(gap < 2e-6 * scale, `${which}, ${i}: ${value} is not ${expected[which]![i]}`);
    })
  );
}

backendTest("adamStep() agrees with the formula in float64", ["cpu", "webgpu"], async (backend) => {
  await fc.assert(
    fc.asyncProperty(sizes, settings, fc.boolean(), async (size, settings, hasAverage) => {
      const given = vectors(size, hasAverage);
      assertNearFloat64(await stepOf(adamStep, given, settings), given, settings);
    }),
    { numRuns: backend.kind === "cpu" ? 200 : 20 },
  );
});

for (const build of ["fastest", "plain"] as const) {
  Deno.test(`adamStep() has the bits of the portable form [${build}]`, async () => {
    const { tfName } = await openBackend("cpu", { portableBits: build === "plain" });
    assert.notEqual(tf.getKernel(ADAM_STEP, tfName), undefined);
    const size = fc.oneof(
      { arbitrary: sizes, weight: 10 },
      // For the second size, the squares are summed in parts.
      { arbitrary: fc.constantFrom(100_003, 600_011), weight: 1 },
    );
    const property = fc.asyncProperty(
      size,
      settings,
      fc.boolean(),
      fc.nat(9999),
      async (size, settings, hasAverage, phase) => {
        const given = vectors(size, hasAverage, phase);
        const fused = await stepOf(adamStep, given, settings);
        assertSameBits(fused, await stepOf(portableAdamStep, given, settings));
      },
    );
    await fc.assert(property, { numRuns: 100 });
    await openBackend("cpu");
  });
}

Deno.test("adamStep() has the same bits on any number of threads", async () => {
  const settings = { step: 3, lr: 0.1, weightDecay: 0.01, clip: 1, averageDecay: 0.9 };
  for (const size of [200_003, 600_011]) {
    const given = vectors(size, true);
    const results: Float32Array[][] = [];
    for (const threads of [1, 2, 3]) {
      await openBackend("cpu", { threads });
      results.push(await stepOf(adamStep, given, settings));
    }
    for (const result of results) assertSameBits(result, results[0]!);
  }
  await openBackend("cpu");
});

backendTest("adamStep() propagates a gradient that is not finite", ["cpu"], async () => {
  for (const bad of [NaN, Infinity]) {
    for (const clip of [0, 1]) {
      const given = vectors(9, true);
      given.gradient[4] = bad;
      const settings = { step: 0, lr: 0.1, weightDecay: 0, clip, averageDecay: 0.9 };
      const [weights, m, , average] = await stepOf(adamStep, given, settings);
      assert.ok([weights![4], m![4], average![4]].every((value) => !Number.isFinite(value)));
    }
  }
});

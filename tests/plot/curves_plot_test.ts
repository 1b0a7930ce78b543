import assert from "node:assert/strict";
import { logAxis } from "../../src/plot/drawing/_axis.ts";
import { accent } from "../../src/plot/drawing/_palette.ts";
import { curvesPlot, movingMean, type TrainingCurves } from "../../src/plot/curves_plot.ts";
import { decodePng } from "../../src/core/png/decode_png.ts";
import { centroid, near, rgb } from "./_picture.ts";

const steps = Array.from({ length: 90 }, (_, i) => i + 1);
const losses = [1, 0.1, 0.01];

/** Vertical pixel positions of the test losses at steps 15, 45 and 75. */
async function heights(loss: TrainingCurves["loss"]) {
  const picture = decodePng(
    await curvesPlot({
      loss,
      steps,
      trainLoss: steps.map((step) => losses[Math.floor((step - 1) / 30)]!),
      evaluations: losses.map((testLoss, i) => ({ step: 15 + 30 * i, testLoss })),
    }),
  );
  // The opaque orange of the dots: the line between them is translucent.
  return [0, 1, 2].map((i) =>
    centroid(picture, (color, x, y) => {
      const third = (x / picture.width - 0.1) / 0.86 * 3;
      return y > 0.11 * picture.height && Math.floor(third) === i &&
        near(color, rgb(accent.orange), 4);
    }).y
  );
}

Deno.test("curvesPlot() has a logarithmic axis for a squared error", async () => {
  const [one, tenth, hundredth] = await heights("squaredError");
  assert.ok(one! < tenth! - 100, `${one} ${tenth}`);
  assert.ok(Math.abs((hundredth! - tenth!) - (tenth! - one!)) < 3);
});

Deno.test("curvesPlot() has a linear axis for a likelihood", async () => {
  const [one, tenth, hundredth] = await heights("nll");
  // 0.9 against 0.09 nats.
  assert.ok(Math.abs((tenth! - one!) / (hundredth! - tenth!) - 10) < 1);
});

Deno.test("curvesPlot() accepts negative likelihoods, missing losses, one step and many steps", async () => {
  const runs: TrainingCurves[] = [
    { loss: "nll", steps: [1, 2, 3], trainLoss: [0.5, -1, -2], evaluations: [] },
    { loss: "squaredError", steps: [1, 2, 3], trainLoss: [NaN, 1, Infinity], evaluations: [] },
    { loss: "squaredError", steps: [7], trainLoss: [1], evaluations: [{ step: 7, testLoss: NaN }] },
    {
      loss: "squaredError",
      steps: Array.from({ length: 100_000 }, (_, i) => i),
      trainLoss: Float64Array.from({ length: 100_000 }, (_, i) => 1 / (1 + i / 100)),
      evaluations: [],
    },
  ];
  for (const run of runs) {
    const picture = decodePng(await curvesPlot(run));
    assert.ok(picture.width > 1000 && picture.height > 600);
  }
});

Deno.test("curvesPlot() draws the NFE in a separate panel, and is deterministic", async () => {
  const run = { loss: "nll", steps, trainLoss: steps.map(Math.sqrt), evaluations: [] } as const;
  const nfe = steps.map((step) => 30 + step);
  const without = decodePng(await curvesPlot(run));
  const bytes = await curvesPlot({ ...run, nfe }, { text: { Command: "fluxion plot" } });
  assert.ok(decodePng(bytes).height > without.height + 200);
  assert.equal(decodePng(bytes).text.Command, "fluxion plot");
  assert.deepEqual(await curvesPlot({ ...run, nfe }, { text: { Command: "fluxion plot" } }), bytes);
});

Deno.test("curvesPlot() shows the reference even if no loss reaches it", async () => {
  const run = { loss: "nll", steps, trainLoss: steps.map(() => 3), evaluations: [] } as const;
  const dark = (bytes: Uint8Array) => {
    const picture = decodePng(bytes);
    return centroid(
      picture,
      ([r, g, b], _, y) => y > 0.5 * picture.height && r < 110 && g < 120 && b < 140 && b > r,
    ).count;
  };
  const reference = { value: 1, label: "true density" };
  const more = dark(await curvesPlot({ ...run, reference })) - dark(await curvesPlot(run));
  // A dashed line of 620 units, 3 pixels high with antialiasing, covers at least 1,000 pixels.
  assert.ok(more > 1000, `${more} more dark pixels`);
});

Deno.test("curvesPlot() shows validation losses and a line at the step of the kept weights", async () => {
  const evaluations = [2, 4].map((i) => ({ step: steps[i]!, testLoss: 3, validationLoss: 2 + i }));
  const run = { loss: "nll", steps, trainLoss: steps.map(() => 3) } as const;
  /** Purple pixels below the legend, and their horizontal centre as a share of the width. */
  const purple = (bytes: Uint8Array) => {
    const picture = decodePng(bytes);
    const { count, x } = centroid(
      picture,
      ([r, g, b], _, y) => y > 0.25 * picture.height && b > 140 && r > 90 && r < 190 && g < 130,
    );
    return { count, x: x / picture.width };
  };
  const tests = evaluations.map(({ step, testLoss }) => ({ step, testLoss }));
  assert.equal(purple(await curvesPlot({ ...run, evaluations: tests })).count, 0);
  const dots = purple(await curvesPlot({ ...run, evaluations }));
  const marked = purple(await curvesPlot({ ...run, evaluations, bestStep: steps[4]! }));
  assert.ok(dots.count > 50, `${dots.count} purple pixels`);
  // Over half of a dashed line 240 units high; it is to the right of the first validation.
  assert.ok(marked.count > dots.count + 100 && marked.x > dots.x, `${marked.count} ${marked.x}`);
});

Deno.test("curvesPlot() refuses columns of unequal length and a log without a loss", () => {
  const run = { loss: "nll", steps: [1, 2], trainLoss: [1, 2], evaluations: [] } as const;
  assert.throws(() => curvesPlot({ ...run, trainLoss: [1] }), /2 losses, one per step, got 1/);
  assert.throws(() => curvesPlot({ ...run, nfe: [1] }), /1 NFE/);
  assert.throws(() => curvesPlot({ ...run, trainLoss: [NaN, NaN] }), /none of 2 losses is finite/);
});

Deno.test("movingMean() preserves a straight line and skips missing values", () => {
  const line = Array.from({ length: 50 }, (_, i) => 3 * i - 7);
  const mean = movingMean(line, 9);
  for (let i = 0; i < 46; i++) assert.ok(Math.abs(mean[i]! - line[i]!) < 1e-12, `${i}`);
  assert.deepEqual([...movingMean([2, NaN, 2, Infinity, 2], 3)], [2, 2, 2, 2, 2]);
  assert.deepEqual([...movingMean([1, 5, 3], 1)], [1, 5, 3]);
});

Deno.test("movingMean() of a long window is the mean of its values", () => {
  const values = Float64Array.from(
    { length: 9000 },
    (_, i) => i % 7 === 3 ? NaN : Math.sin(i * i),
  );
  const mean = movingMean(values, 2201);
  for (const i of [0, 1, 700, 1099, 1100, 4444, 7898, 8000, 8998, 8999]) {
    const before = Math.min(1100, i), after = Math.min(before, 8999 - i);
    const own = values.subarray(i - before, i + after + 1).filter((value) => !Number.isNaN(value));
    const expected = own.reduce((sum, value) => sum + value, 0) / own.length;
    assert.ok(Math.abs(mean[i]! - expected) < 1e-12, `${i}: ${mean[i]} for ${expected}`);
  }
});

Deno.test("movingMean() is the mean of its values for windows around the length of a block", () => {
  // A spike and gaps: what is outside of a window leaves nothing in it.
  for (const n of [1, 63, 64, 65, 300]) {
    const values = Float64Array.from(
      { length: n },
      (_, i) => i === 40 ? 1e18 : i % 11 === 3 ? NaN : Math.sin(i * i),
    );
    for (const window of [1, 3, 63, 65, 127, 129, 191]) {
      const half = (window - 1) / 2;
      movingMean(values, window).forEach((mean, i) => {
        const before = Math.min(half, i), after = Math.min(before, n - 1 - i);
        const own = values.slice(i - before, i + after + 1).filter(Number.isFinite);
        const expected = own.reduce((sum, value) => sum + value, 0) / own.length;
        const scale = Math.max(1, Math.abs(expected));
        assert.ok(
          Object.is(mean, expected) || Math.abs(mean - expected) < 1e-12 * scale,
          `${n}, ${window}, ${i}: ${mean} for ${expected}`,
        );
      });
    }
  }
});

Deno.test("movingMean() of a million steps does not take quadratic time", () => {
  const began = performance.now();
  movingMean(new Float64Array(1_000_000).fill(1), 20_001);
  // 0.3 s; summing 2e10 values one by one took over 20 s.
  assert.ok(performance.now() - began < 10_000);
});

Deno.test("movingMean() reduces noise by the square root of its window, up to the end", () => {
  const noise = Array.from({ length: 4000 }, (_, i) => Math.sin(i * i * 12.9898) > 0 ? 1 : -1);
  const square = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value * value, 0) / values.length;
  const ratio = square(movingMean(noise, 25)) / square(noise);
  assert.ok(ratio < 2 / 25, `${ratio}`);
  assert.ok(Math.abs(movingMean(noise, 101).at(-1)!) < 0.5);
});

Deno.test("logAxis() has ascending ticks inside its domain, from half a decade to thirty", () => {
  for (const [low, high] of [[0.1, 0.4], [0.03, 2], [1e-4, 3], [1e-20, 1e10]] as const) {
    const { ticks, at } = logAxis("loss", [low, high], [300, 0]);
    assert.ok(ticks.length >= 3 && ticks.length <= 12, `${low}..${high}: ${ticks.length} ticks`);
    ticks.forEach(({ value, label }, i) => {
      assert.ok(value >= low * 0.999 && value <= high * 1.001);
      if (i > 0) assert.ok(at(value) < at(ticks[i - 1]!.value) - 10, `${label} is too close`);
    });
  }
});

import assert from "node:assert/strict";
import { accent } from "../../src/plot/drawing/_palette.ts";
import { curvesPlot, type TrainingCurves } from "../../src/plot/curves_plot.ts";
import { lossScale, shownEvaluations } from "../../src/plot/loss_scale.ts";
import { comparedCurvesPicture } from "../../src/report/pictures/compared_curves.ts";

/** Words of a drawing, whose notes are wrapped. */
const wordsOf = (drawing: string) =>
  Array.from(drawing.matchAll(/<text [^>]*>([^<]*)</g), ([, words]) => words).join(" ");

const svgOf = async (plot: Promise<Uint8Array | null>) => new TextDecoder().decode((await plot)!);
const svg = { format: "svg" } as const;

/** Lengths of the lines of a colour: numbers of points per stroked path that is not closed. */
function lines(drawing: string, color: string): number[] {
  return Array.from(drawing.matchAll(/<path [^>]*>/g), ([path]) => path)
    .filter((path) => path.includes(`stroke="${color}"`) && !path.includes('Z"'))
    .map((path) => / d="([^"]*)"/.exec(path)![1]!.match(/[ML]|(?<=[\d.]) (?=-?[\d.])/g)!.length);
}

const rings = (drawing: string, color: string) =>
  drawing.match(new RegExp(`<circle [^>]*fill="none" stroke="${color}"`, "g"))?.length ?? 0;
const triangles = (drawing: string, color: string) =>
  Array.from(drawing.matchAll(/<path [^>]*>/g)).filter(([path]) =>
    path.includes('Z"') && path.includes(`stroke="${color}"`)
  ).length;

Deno.test("shownEvaluations() sets the one before training apart", () => {
  const [start, one, two] = [0, 10, 20].map((step) => ({ step }));
  assert.deepEqual(shownEvaluations([start!, one!, two!]), { before: start, trained: [one, two] });
  assert.deepEqual(shownEvaluations([one!]), { before: undefined, trained: [one] });
});

for (const loss of ["nll", "squaredError"] as const) {
  Deno.test(`lossScale() of ${loss} leaves trained losses three fifths, whatever the first loss`, () => {
    const curves = Float64Array.from({ length: 200 }, (_, i) => 1 + i / 200 * 6);
    for (const before of [-1e6, 1e-9, 0.5, 3, 8, 20, 1e9, Infinity, NaN]) {
      const { scale, range } = lossScale({ loss, curves, whole: [1, 7], before: [before] });
      const to = scale === "log" ? Math.log10 : (value: number) => value;
      const share = (to(7) - to(1)) / (to(range[1]) - to(range[0]));
      assert.ok(share > 0.53 && share < 0.9, `${before}: ${share}`);
      assert.ok(range[0] < 1 && range[1] > 7);
    }
    const near = lossScale({ loss, curves, whole: [], before: [8] });
    assert.ok(near.range[1] > 8, `${near.range}`);
  });
}

Deno.test("lossScale() shows equal losses, a single one and none", () => {
  const range = (curves: number[], before: number[]) =>
    lossScale({ loss: "nll", curves, whole: [], before }).range;
  for (const [low, high] of [range([2, 2], [9]), range([], [2]), range([NaN], [2])]) {
    assert.ok(low < 2 && high > 2);
  }
  assert.deepEqual(range([], [NaN]), [0, 1]);
});

const steps = Array.from({ length: 40 }, (_, i) => i + 1);
const trainLoss = steps.map((step) => 1 + 1 / step);

Deno.test("curvesPlot() joins no line to the losses before training", async () => {
  const evaluations = [0, 20, 40].map((step) => ({
    step,
    testLoss: step === 0 ? 2.1 : 1.2,
    validationLoss: step === 0 ? 900 : 1.3,
  }));
  const run: TrainingCurves = { loss: "nll", steps, trainLoss, evaluations };
  const drawing = await svgOf(curvesPlot(run, svg));
  const purple = "#832db6";
  assert.deepEqual(lines(drawing, accent.orange), [2]);
  assert.deepEqual(lines(drawing, purple), [2]);
  // One in the legend and one in the chart.
  assert.deepEqual([rings(drawing, accent.orange), triangles(drawing, accent.orange)], [2, 0]);
  assert.deepEqual([rings(drawing, purple), triangles(drawing, purple)], [0, 2]);
  assert.match(drawing, />test set before training: 2\.1</);
  assert.match(drawing, />validation rows before training: 900</);
  const quick = await svgOf(curvesPlot({ ...run, evaluations: evaluations.slice(0, 2) }, svg));
  assert.deepEqual(lines(quick, accent.orange), [1], "one point is no line");
  assert.match(quick, />test set</);
  const early = await svgOf(curvesPlot({ ...run, evaluations: evaluations.slice(0, 1) }, svg));
  assert.doesNotMatch(early, />test set</);
});

Deno.test("comparedCurvesPicture() joins no line to the losses before training", async () => {
  const run = (name: string, starts: number, count: number) => ({
    name,
    model: "cnf" as const,
    log: {
      steps: steps.map((step, i) => ({ step, loss: trainLoss[i]!, stepMs: 1, nfe: null })),
      evaluations: [0, 10, 20, 30].slice(0, count).map((step) => ({
        step,
        epoch: step,
        testLoss: step === 0 ? starts : 1.2,
        validationLoss: 1.3,
      })),
    },
  });
  const draw = (...runs: ReturnType<typeof run>[]) => svgOf(comparedCurvesPicture(runs, svg));
  const [blue, orange] = [accent.blue, accent.orange];
  const near = await draw(run("a", 2.1, 4), run("b", 2.2, 2));
  // The mean of the training loss, the validation and the test losses.
  assert.deepEqual(lines(near, blue).slice(0, 3), [40, 3, 3]);
  assert.deepEqual(lines(near, orange), [40], "one test and one validation loss are dots");
  assert.deepEqual([rings(near, blue), rings(near, orange)], [1, 1]);
  assert.match(wordsOf(near), /Thick, or one large dot: test loss\. Thin/);
  const quick = await draw(run("a", 2.1, 2), run("b", 2.2, 2));
  assert.match(wordsOf(quick), /One large dot: test loss\. Thin/);
  const early = await draw(run("a", 2.1, 1));
  assert.doesNotMatch(wordsOf(early), /(Thick|dot): test loss/);
  assert.match(wordsOf(near), /small dot: validation loss\. Ring: test loss before training/);
  assert.doesNotMatch(wordsOf(near), /Triangle/);
  const far = await draw(run("a", 70, 4), run("b", 80, 3));
  assert.deepEqual([rings(far, blue), rings(far, orange)], [0, 0]);
  assert.match(
    wordsOf(far),
    /off the chart \(70 to 80\)/,
  );
  assert.doesNotMatch(wordsOf(far), /Ring/);
});

import { isPlane } from "../../flows/standardization.ts";
import type { PointDataset } from "../../data/dataset.ts";
import type { Bounds } from "../../metrics/bounds.ts";
import { wasserstein2 } from "../../metrics/wasserstein.ts";
import { type Panel, panelsPlot } from "../../plot/panels_plot.ts";
import { readRows } from "../../train/batches.ts";
import type { Block } from "../pages/document.ts";
import { evaluateFm, type FmEvaluation } from "../evaluation/evaluation.ts";
import { CLOUD, freshClouds } from "../evaluation/sample_distances.ts";
import type { SectionPlans } from "./section_plans.ts";
import { prose, subsection } from "../plan.ts";
import { drawnOnce, planPointSamples } from "./points_samples.ts";
import {
  accurateSolveOf,
  figure,
  figuresTable,
  runCommand,
  type RunContext,
} from "../run_context.ts";
import { boundsAround } from "../pictures/run_pictures.ts";
import { solverPanel } from "./solver_chart.ts";
import { evaluatePointLikelihood, likelihoodFigures } from "./point_likelihood.ts";
import { BUDGETS, type StudiedSamples, studiedSolvers, studySolvers } from "./solver_study.ts";
import { grouped, number, percent, withError } from "../pages/format.ts";

/** Plans loss, distance to the data, samples, and the solver study. */
export function planFmPoints(context: RunContext, dataset: PointDataset): SectionPlans {
  let evaluation: FmEvaluation | null = null;
  // Built-in distributions have distances to the data; of a table's samples only this is known.
  const likelihood = dataset.file === undefined ? [] : [{
    label: "likelihood of the test points",
    make: async () => {
      const found = await evaluatePointLikelihood(context, dataset);
      return [
        prose("The likelihood of the test points under the flow of the learnt velocity."),
        ...likelihoodFigures(found, dataset),
      ];
    },
  }];
  const quality = subsection(context.id, "Quality", [{
    label: "loss and distance to the data",
    make: async () => {
      evaluation = await evaluate(context, dataset);
      return qualityBlocks(evaluation, dataset);
    },
  }, ...likelihood]);
  const study = subsection(context.id, "Samples against field evaluations", [{
    label: "euler, midpoint, rk4 and dopri5",
    make: async () => await studyBlocks(context, dataset),
  }]);
  return {
    sections: [planPointSamples(context, dataset, drawnOnce(context)), quality, study],
    outcome: () => {
      if (evaluation === null) return null;
      const { loss, lossStdErr, wasserstein2, wasserstein2Data } = evaluation;
      return wasserstein2 === undefined || wasserstein2 === null
        ? `test loss ${withError(loss, lossStdErr)}`
        : `2-Wasserstein distance to the data ${number(wasserstein2)}, between two draws of the ` +
          `data ${number(wasserstein2Data!)}`;
    },
  };
}

async function evaluate(context: RunContext, dataset: PointDataset): Promise<FmEvaluation> {
  const { run } = context;
  const { model, engines } = await context.open();
  const rows = readRows(dataset, "test", Array.from({ length: dataset.test.count }, (_, i) => i));
  return await evaluateFm(
    { model, engines, rows, seed: run.config.seed, settings: accurateSolveOf(run) },
    dataset,
  );
}

function qualityBlocks(evaluation: FmEvaluation, { test }: PointDataset): Block[] {
  const { loss, lossStdErr, wasserstein2, wasserstein2Data } = evaluation;
  const { slicedWasserstein2, slicedWasserstein2Data, stray, strayData } = evaluation;
  const rows: (readonly [string, string])[] = [
    [`Test loss, ${grouped(test.count)} points`, withError(loss, lossStdErr)],
  ];
  if (wasserstein2 !== undefined) {
    rows.push(
      [
        `2-Wasserstein distance of ${CLOUD} samples to fresh data`,
        wasserstein2 === null ? "none" : number(wasserstein2),
      ],
      ["The same between two fresh draws of the data", number(wasserstein2Data!)],
      [
        "Sliced 2-Wasserstein distance of 5,000 samples to fresh data",
        slicedWasserstein2 === null ? "none" : number(slicedWasserstein2!),
      ],
      ["The same between two fresh draws of the data", number(slicedWasserstein2Data!)],
    );
  }
  if (typeof stray === "number") {
    rows.push(
      ["Samples far from the curve of the data", percent(stray)],
      ["Fresh data as far from it", percent(strayData!)],
    );
  }
  return [
    prose(
      "The loss is the mean squared error between the network and the velocity of individual paths " +
        "$x_0 \\to x_1$. It cannot reach zero: many such paths cross at a point, and the network " +
        "learns their mean velocity." +
        (wasserstein2 === undefined
          ? ""
          : " The 2-Wasserstein distance measures how close the samples are to the data; the " +
            "distance between two draws of the data is its reference."),
    ),
    figuresTable(rows),
  ];
}

async function studyBlocks(context: RunContext, dataset: PointDataset): Promise<Block[]> {
  const { model, engines } = await context.open();
  const { accurate, studied } = await studySolvers(model, engines, {
    count: CLOUD,
    seed: context.seed,
    solve: accurateSolveOf(context.run),
  });
  const panels = [solverPanel(studied, {
    title: "Error of the solve",
    label: "RMS distance to the accurate samples",
    of: ({ error }) => error,
  })];
  if (dataset.draw !== null) {
    const { dims } = dataset;
    const [fresh, other] = freshClouds(dataset.draw, context.seed);
    panels.push(solverPanel(studied, {
      title: "Distance to the data",
      label: "2-Wasserstein distance",
      of: ({ samples }) => wasserstein2(samples, fresh, dims),
      floor: { value: wasserstein2(other, fresh, dims), label: "two draws of the data" },
    }));
  }
  const command = runCommand(context, "report", ["--out", "report.html"]);
  const blocks: Block[] = [
    prose(
      "Four solvers from the same noise. A fixed-step solver evaluates the network once per stage " +
        "and step; dopri5 chooses its steps by its tolerance.",
    ),
  ];
  if (isPlane(context.run)) {
    blocks.push(
      await figure({
        draw: (text) =>
          panelsPlot(cloudPanels(studied, boundsAround(accurate, 0.1)), {
            columns: BUDGETS.length,
            text,
          }),
        alt:
          "Scatter plots in a grid: one row per solver, with the cost growing from left to right.",
        caption: `${CLOUD} samples by solver (rows) and number of evaluations (columns).`,
        command,
        look: "chart",
        maxWidth: 1600,
      }),
    );
  }
  blocks.push(
    await figure({
      draw: (text) => panelsPlot(panels, { text }),
      alt: "Error of the samples against the number of field evaluations, one line per solver" +
        (panels.length > 1 ? ", and next to it their distance to the data." : "."),
      caption: "Accuracy against field evaluations: distance to the samples of an accurate " +
        "solve (dopri5 at $10^{-6}$) of the same noise" +
        (model.standardization ? ", over the standardised columns" : "") +
        (panels.length > 1
          ? ", and distance to fresh data, which levels off at the model's own error."
          : "."),
      command,
      look: "chart",
    }),
  );
  return blocks;
}

function cloudPanels(studied: readonly StudiedSamples[], bounds: Bounds): Panel[] {
  const { xMin, xMax, yMin, yMax } = bounds;
  return studiedSolvers.flatMap((solver) =>
    studied.filter((entry) => entry.solver === solver).map(({ nfe, samples }) => ({
      title: `${solver}, ${Math.round(nfe)}`,
      x: { label: "", range: [xMin, xMax] },
      y: { label: "", range: [yMin, yMax] },
      equalAspect: true,
      series: [{
        color: 0,
        mark: "dots",
        x: samples.filter((_, i) => i % 2 === 0),
        y: samples.filter((_, i) => i % 2 === 1),
        width: 2.4,
        opacity: 0.6,
      }],
    } satisfies Panel))
  );
}

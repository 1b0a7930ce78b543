import { isPlane } from "../../flows/standardization.ts";
import type { PointDataset } from "../../data/dataset.ts";
import { wasserstein2 } from "../../metrics/wasserstein.ts";
import { cloudGrid } from "../../plot/cloud_grid.ts";
import { panelsPlot } from "../../plot/panels_plot.ts";
import { readRows } from "../../train/batches.ts";
import type { Block } from "../pages/document.ts";
import {
  evaluateFm,
  type FmEvaluation,
  type LikelihoodEvaluation,
} from "../evaluation/evaluation.ts";
import { CLOUD, freshClouds } from "../evaluation/sample_distances.ts";
import type { SectionPlans } from "./section_plans.ts";
import { foldedSubsection, prose } from "../plan.ts";
import { planNoiseToData, planPointSamples, pointTrajectories } from "./points_samples.ts";
import { accurateSolveOf, figure, figuresTable, type RunContext } from "../run_context.ts";
import { boundsAround } from "../pictures/run_pictures.ts";
import { solverPanel } from "./solver_chart.ts";
import {
  evaluatePointLikelihood,
  likelihoodFigures,
  likelihoodKeyFigures,
} from "./point_likelihood.ts";
import { BUDGETS, studiedSolvers, studySolvers } from "./solver_study.ts";
import { grouped, number, percent, withError } from "../pages/format.ts";

/** Plans loss, distance to the data, samples, and the solver study. */
export function planFmPoints(context: RunContext, dataset: PointDataset): SectionPlans {
  let evaluation: FmEvaluation | null = null, likelihood: LikelihoodEvaluation | null = null;
  const trajectories = pointTrajectories(context);
  const explained = foldedSubsection(context.id, "How to read the figures", [{
    label: "how to read the figures",
    make: () => Promise.resolve([explanation(dataset)]),
  }]);
  const study = foldedSubsection(context.id, "Samples against field evaluations", [{
    label: "euler, midpoint, rk4 and dopri5",
    weight: 20,
    make: async () => await studyBlocks(context, dataset),
  }]);
  return {
    figures: {
      label: "loss and distance to the data",
      weight: 50,
      make: async () => {
        evaluation = await evaluate(context, dataset);
        const table = qualityTable(evaluation, dataset);
        likelihood = await evaluatePointLikelihood(context, dataset);
        return [
          table,
          prose("The likelihood of the test points under the flow of the learnt velocity:"),
          ...likelihoodFigures(likelihood, dataset),
        ];
      },
    },
    shown: [planPointSamples(context, dataset, trajectories)],
    folded: [...planNoiseToData(context, trajectories), study, explained],
    outcome: () => {
      if (evaluation === null) return null;
      const { loss, lossStdErr, wasserstein2, wasserstein2Data } = evaluation;
      return wasserstein2 === undefined || wasserstein2 === null
        ? `test loss ${withError(loss, lossStdErr)}`
        : `2-Wasserstein distance to the data ${number(wasserstein2)}, between two draws of the ` +
          `data ${number(wasserstein2Data!)}`;
    },
    keyFigures: () => {
      if (evaluation === null) return [];
      const { loss, lossStdErr, wasserstein2, stray } = evaluation;
      return [
        ...(likelihood === null ? [] : likelihoodKeyFigures(likelihood)),
        { name: "test loss", text: withError(loss, lossStdErr), lower: loss },
        ...(typeof wasserstein2 === "number"
          ? [{ name: "W₂ to the data", text: number(wasserstein2), lower: wasserstein2 }]
          : []),
        ...(typeof stray === "number"
          ? [{ name: "far from the data", text: percent(stray), lower: stray }]
          : []),
      ];
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

function qualityTable(evaluation: FmEvaluation, { test, curve }: PointDataset): Block {
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
      [`Samples farther than ${curve!.near} from the curve of the data`, percent(stray)],
      ["Fresh data farther than that", percent(strayData!)],
    );
  }
  return figuresTable(rows);
}

function explanation({ draw }: PointDataset): Block {
  return prose(
    "The loss is the mean squared error between the network and the velocity of individual paths " +
      "$x_0 \\to x_1$. It cannot reach zero: many such paths cross at a point, and the network " +
      "learns their mean velocity." +
      (draw === null
        ? ""
        : " The 2-Wasserstein distance measures how close the samples are to the data; the " +
          "distance between two draws of the data is its reference."),
  );
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
    label: "RMS distance",
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
  const blocks: Block[] = [
    prose(
      "Four solvers from the same noise. A fixed-step solver evaluates the network once per stage " +
        "and step; dopri5 chooses its steps by its tolerance.",
    ),
  ];
  if (isPlane(context.run)) {
    blocks.push(
      await figure({
        draw: (size) => {
          // A phone's page has room for every second budget.
          const every = size.totalWidth < 480 ? 2 : 1;
          const shown = studied.filter((_, i) => i % BUDGETS.length % every === 0);
          return cloudGrid(shown.map(({ samples }) => samples), {
            bounds: boundsAround(accurate, 0.1),
            columns: Math.ceil(BUDGETS.length / every),
            rowLabels: studiedSolvers,
            labels: shown.map(({ nfe }) => `${Math.round(nfe)} NFE`),
            ...size,
          });
        },
        alt:
          "Scatter plots in a grid: one row per solver, with the cost growing from left to right.",
        caption:
          `${CLOUD} samples by solver, with more field evaluations (NFE) from left to right.`,
      }),
    );
  }
  blocks.push(
    await figure({
      draw: (size) => panelsPlot(panels, size),
      alt: "Error of the samples against the number of field evaluations, one line per solver" +
        (panels.length > 1 ? ", and next to it their distance to the data." : "."),
      caption: "Accuracy against field evaluations: distance to the samples of an accurate " +
        "solve (dopri5 at $10^{-6}$) of the same noise" +
        (model.standardization ? ", over the standardised columns" : "") +
        (panels.length > 1
          ? ", and distance to fresh data, which levels off at the model's own error."
          : "."),
    }),
  );
  return blocks;
}

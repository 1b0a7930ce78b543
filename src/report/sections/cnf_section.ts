import { isPlane } from "../../flows/standardization.ts";
import type { PointDataset } from "../../data/dataset.ts";
import { densityPlot } from "../../plot/density_plot.ts";
import type { Block } from "../pages/document.ts";
import {
  densityMass,
  type LikelihoodEvaluation,
  type ModelMass,
  pictureBounds,
} from "../evaluation/evaluation.ts";
import { foldedSubsection, prose, subsection } from "../plan.ts";
import { planNoiseToData, planPointSamples, pointTrajectories } from "./points_samples.ts";
import { accurateSolveOf, figure, runCommand, type RunContext } from "../run_context.ts";
import { coordinatesOf } from "../pictures/captions.ts";
import { centresOf } from "../pictures/density_picture.ts";
import type { SampledTrajectories } from "../sampled_trajectories.ts";
import type { SectionPlans } from "./section_plans.ts";
import { grouped, plain } from "../pages/format.ts";
import {
  evaluatePointLikelihood,
  likelihoodFigures,
  likelihoodKeyFigures,
  nats,
} from "./point_likelihood.ts";

/** Likelihood, density, samples and trajectories of a continuous normalizing flow. */
export function planCnf(context: RunContext, dataset: PointDataset): SectionPlans {
  const trajectories = pointTrajectories(context);
  let evaluation: LikelihoodEvaluation | null = null;
  const density = subsection(context.id, "Likelihood", [{
    label: "density",
    weight: 70,
    make: async () => await densityBlocks(context, dataset, await trajectories()),
  }]);
  const explained = foldedSubsection(context.id, "How the likelihood is computed", [{
    label: "how the likelihood is computed",
    make: () => Promise.resolve([explanation(dataset)]),
  }]);
  return {
    figures: {
      label: "likelihood of the test points",
      weight: 6,
      make: async () => {
        evaluation = await evaluatePointLikelihood(context, dataset);
        return likelihoodFigures(evaluation, dataset);
      },
    },
    shown: [
      planPointSamples(context, dataset, trajectories),
      ...(isPlane(context.run) ? [density] : []),
    ],
    folded: [...planNoiseToData(context, trajectories), explained],
    outcome: () => {
      if (evaluation === null) return null;
      const { nll, nllStdErr, nllGap, nllGapStdErr } = evaluation;
      return nllGap === undefined
        ? `test NLL ${nats(nll, nllStdErr)}`
        : `test NLL ${nats(nllGap, nllGapStdErr!)} above the true density's`;
    },
    keyFigures: () => evaluation === null ? [] : likelihoodKeyFigures(evaluation),
  };
}

function explanation({ density }: PointDataset): Block {
  return prose(
    "The likelihood is exact up to the solver's tolerance: the ODE carries a test point from " +
      "data to prior and, along with it, the change of its log-density,\n\n" +
      "$$\\log p(x) = \\log \\mathcal{N}(z_1; 0, I) + \\int_0^1 " +
      "\\operatorname{tr}\\frac{\\partial f}{\\partial z}\\,dt.$$\n\n" +
      "It is computed with dopri5 at tolerance $10^{-5}$, whichever solver was used in training. " +
      (density === null
        ? "The data's own density is not known."
        : "No model can have a lower mean NLL than the data's entropy; on the same test points " +
          "the difference to the true density's NLL is the model's own error, an estimate of " +
          "the Kullback-Leibler divergence."),
  );
}

async function densityBlocks(
  context: RunContext,
  dataset: PointDataset,
  { states }: SampledTrajectories,
): Promise<Block[]> {
  const { model, engines } = await context.open();
  const points = states.at(-1)!;
  const settings = accurateSolveOf(context.run);
  const found = await densityMass({ model, engines, settings }, dataset.test.points);
  const shown = found.grid(pictureBounds(found, dataset.test.points));
  const text = [prose(massText(found))];
  if (found.outside !== null) text.push(prose(`${found.outside}.`));
  if (shown === null) return text;
  const truth = dataset.density === null ? null : dataset.density.logDensity(centresOf(shown));
  const isKnown = truth !== null;
  return [
    ...text,
    await figure({
      draw: (size) =>
        densityPlot(shown, {
          ...coordinatesOf(context.run.config, context.run.columns),
          samples: { points, label: "samples" },
          data: { points: dataset.test.points, label: "test points" },
          ...(isKnown
            ? {
              label: "learnt density",
              beside: { kind: "density", label: "true density", logDensity: truth },
            }
            : {}),
          ...size,
        }),
      alt: "The learnt density as a heat map with iso-lines, samples and test points over it" +
        (isKnown ? "; beside it the true density of the data on the same axes." : "."),
      caption: "The learnt density $p(x)$ that was integrated, samples and test points over it" +
        (isKnown ? "; and the density that the data are drawn from." : "."),
      command: runCommand(context, "plot"),
    }),
  ];
}

function massText({ mass, reason, evaluations }: ModelMass): string {
  const claim = "A model's likelihood is valid only if its density integrates to one. ";
  return mass === null
    ? `${claim}Whether this one does could not be established: ${plain(reason!)}.`
    : `${claim}Adaptive cubature with ${grouped(evaluations)} evaluations gives\n\n` +
      `$$\\int p(x)\\,dx = ${mass.toFixed(4)}.$$`;
}

import type { PointDataset } from "../../data/dataset.ts";
import { readRows } from "../../train/batches.ts";
import { evaluateLikelihood, type LikelihoodEvaluation } from "../evaluation/evaluation.ts";
import type { Block } from "../pages/document.ts";
import { grouped, number, plain, sentence, withError } from "../pages/format.ts";
import { prose } from "../plan.ts";
import type { KeyFigure } from "../results.ts";
import { accurateSolveOf, figuresTable, type RunContext } from "../run_context.ts";

/** Likelihood of the test points under a run's model, beside one Gaussian's. */
export async function evaluatePointLikelihood(
  context: RunContext,
  dataset: PointDataset,
): Promise<LikelihoodEvaluation> {
  const { run } = context;
  const { model, engines } = await context.open();
  const rows = readRows(dataset, "test", Array.from({ length: dataset.test.count }, (_, i) => i));
  return await evaluateLikelihood(
    { model, engines, rows, seed: run.config.seed, settings: accurateSolveOf(run) },
    { dataset, trace: { kind: "exact" }, trainRows: dataset.train.points },
  );
}

/** A table of a likelihood's figures, and its remarks. */
export function likelihoodFigures(
  evaluation: LikelihoodEvaluation,
  { test, density }: PointDataset,
): Block[] {
  const { nll, nllStdErr, nfe, nllTrue, nllGap, nllGapStdErr, failures } = evaluation;
  const { nllGaussian, remarks } = evaluation;
  const counted = test.count - failures.length;
  const rows: (readonly [string, string])[] = [
    [`Test NLL of the model, ${grouped(counted)} points`, nats(nll, nllStdErr)],
  ];
  if (failures.length > 0) {
    rows.push(["Test points without a log-likelihood, left out", grouped(failures.length)]);
  }
  if (density !== null) {
    rows.push(
      ["NLL of the true density, the same points", nats(nllTrue!, null)],
      ["Difference, paired", nats(nllGap!, nllGapStdErr!)],
      ["Entropy of the true density", `${density.entropy.toFixed(4)} nats`],
    );
  }
  if (nllGaussian !== undefined) {
    rows.push([
      "NLL of one Gaussian fitted to the training rows, the same points",
      nats(nllGaussian, null),
    ]);
  }
  rows.push(["Field evaluations per solve at $10^{-5}$", number(Math.round(nfe))]);
  return [
    figuresTable(rows),
    ...remarks.map((remark) => prose(plain(sentence(remark).replace(" +- ", " ± ")))),
  ];
}

/** The figures of a likelihood for the report's table of results. */
export function likelihoodKeyFigures(
  { nll, nllStdErr, nllGap, nllGapStdErr, nllGaussian }: LikelihoodEvaluation,
): readonly KeyFigure[] {
  return [
    { name: "test NLL (nats)", text: meanText(nll, nllStdErr), lower: nll },
    ...(nllGap === undefined ? [] : [{
      name: "above the true density",
      text: meanText(nllGap, nllGapStdErr!),
      lower: nllGap,
    }]),
    ...(nllGaussian === undefined
      ? []
      : [{ name: "Gaussian NLL", text: meanText(nllGaussian, null), lower: null }]),
  ];
}

/** A mean in nats with its standard error; both are null where no point has a likelihood. */
export function nats(mean: number | null, stdErr: number | null): string {
  return mean === null ? "none" : `${meanText(mean, stdErr)} nats`;
}

function meanText(mean: number | null, stdErr: number | null): string {
  return mean === null ? "none" : withError(mean, stdErr ?? NaN);
}

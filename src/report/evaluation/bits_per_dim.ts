import type { PixelLevels } from "../../data/images/pixel_levels.ts";
import { discreteLogProb } from "../../flows/discrete_log_prob.ts";
import type { FailedRow } from "../../flows/log_prob.ts";
import type { TraceSettings } from "../../flows/model.ts";
import { meanAndStdErr } from "../../metrics/statistics.ts";
import type { EvaluatedModel } from "./evaluation.ts";

/** Bits per dimension of a model of images on discrete pixels. */
export interface BitsPerDimEvaluation {
  /** Mean over rows with a finite likelihood, an upper bound in expectation; null if there are none. */
  readonly bitsPerDim: number | null;
  /** Standard error, including probes and dequantisation; null with fewer than two such rows. */
  readonly bitsPerDimStdErr: number | null;
  /** Mean field evaluations of the solve, over control groups. */
  readonly nfe: number;
  /** Rows without a finite log-likelihood, excluded from the means. */
  readonly failures: readonly FailedRow[];
}

/** Bits per dimension of images with discrete pixel levels, by uniform dequantisation. */
export async function evaluateBitsPerDim(
  { model, engines, rows, seed, settings }: EvaluatedModel,
  options: {
    readonly levels: PixelLevels;
    readonly trace: TraceSettings;
    readonly onRows?: (done: number) => void;
  },
): Promise<BitsPerDimEvaluation> {
  const found = await discreteLogProb(model, engines, Float32Array.from(rows), {
    ...options,
    settings,
    seed,
    onFailure: "continue",
  });
  const values = found.bitsPerDim.filter(Number.isFinite);
  const estimate = values.length > 0 ? meanAndStdErr(values) : null;
  return {
    bitsPerDim: estimate?.mean ?? null,
    bitsPerDimStdErr: values.length > 1 ? estimate!.stdErr : null,
    nfe: meanAndStdErr(found.reports.map((report) => report.nfe)).mean,
    failures: found.failures,
  };
}

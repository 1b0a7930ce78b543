import { isImageNetwork } from "../nn/network.ts";
import type { SolveReport, TraceMethod } from "../ode/engines/engine.ts";
import { describeFailures, type FailedSettings } from "../ode/solver/failure_message.ts";
import { FailureError, InputError } from "../core/errors.ts";
import { fillNormal, fillSigns, type RandomKey } from "../core/random/random.ts";
import type { FlowModel, TraceSettings } from "./model.ts";

/** What the problems of likelihood, loss and sampling share. */

/**
 * Checks that a model is one whose log-likelihoods Fluxion can compute.
 *
 * @returns The dimension of its points.
 * @throws {InputError} If its network is one over images.
 */
export function requirePoints({ network }: FlowModel): number {
  if (isImageNetwork(network)) {
    throw new InputError(
      `log-likelihoods need a model of points; this one is of images (${network.kind})`,
    );
  }
  return network.rowWidth;
}

/** Rows whose probes are drawn: row i of the key's sequence has the same probe however the rows are cut. */
export interface ProbeDraw {
  readonly key: RandomKey;
  readonly firstRow: number;
  readonly count: number;
  readonly dims: number;
}

/** The trace method of one solve, with the probes of its rows. */
export function drawTrace(settings: TraceSettings, draw: ProbeDraw): TraceMethod {
  if (settings.kind === "exact") return settings;
  const probes = new Float32Array(draw.count * draw.dims);
  const fill = settings.distribution === "gaussian" ? fillNormal : fillSigns;
  fill(draw.key, draw.firstRow * draw.dims, probes);
  return { ...settings, probes };
}

/**
 * @param firstRow Number of the solve's first row in the caller's own counting, for the message.
 * @throws {FailureError} If a control group could not go on.
 */
export function requireSolved(
  reports: readonly SolveReport[],
  settings: FailedSettings,
  firstRow = 0,
): void {
  const failed = reports.some((report) => report.failure !== null);
  if (failed) throw new FailureError(describeFailures(reports, { settings, firstRow }));
}

/** Field evaluations, mean over control groups. */
export function meanNfe(reports: readonly SolveReport[]): number {
  return reports.reduce((sum, report) => sum + report.nfe, 0) / reports.length;
}

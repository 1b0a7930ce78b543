import type { SolveReport } from "../ode/engines/engine.ts";
import type { Probes } from "../ode/probes.ts";
import { describeFailures, type FailedSettings } from "../ode/solver/failure_message.ts";
import { FailureError } from "../core/errors.ts";
import type { DivergenceTrace } from "./divergence.ts";
import type { TraceSettings } from "./model.ts";

/** Helpers shared by the likelihood, loss and sampling problems. */

/** Trace of one solve; Hutchinson probes are drawn with `draw`. */
export function drawTrace(
  settings: TraceSettings,
  draw: Pick<Probes, "key" | "firstRow">,
): DivergenceTrace {
  if (settings.kind === "exact") return settings;
  const { kind, distribution, count } = settings;
  return { kind, probes: { distribution, ...draw }, ...(count === undefined ? {} : { count }) };
}

/**
 * Throws if any control group failed.
 *
 * @param firstRow The caller's index of the solve's first row, for the message.
 * @throws {FailureError} If a control group could not be solved.
 */
export function requireSolved(
  reports: readonly SolveReport[],
  settings: FailedSettings,
  firstRow = 0,
): void {
  const failed = reports.some((report) => report.failure !== null);
  if (failed) throw new FailureError(describeFailures(reports, { settings, firstRow }));
}

/** Mean number of field evaluations over control groups. */
export function meanNfe(reports: readonly SolveReport[]): number {
  return reports.reduce((sum, report) => sum + report.nfe, 0) / reports.length;
}

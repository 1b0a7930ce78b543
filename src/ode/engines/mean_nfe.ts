import type { SolveReport } from "./engine.ts";

/** Field evaluations of a solve, mean over control groups. */
export function meanNfe(reports: readonly SolveReport[]): number {
  return reports.reduce((sum, report) => sum + report.nfe, 0) / reports.length;
}

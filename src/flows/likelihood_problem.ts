import type { SolveReport } from "../ode/engines/engine.ts";
import type { Probes } from "../ode/probes.ts";
import { type EnergyWeights, penalisesEnergies } from "../core/options/energy_weights.ts";
import { quotedJson } from "../core/quoted.ts";
import type { DivergenceTrace } from "./divergence.ts";
import type { TraceSettings } from "./model.ts";

/** Helpers shared by the likelihood, loss and sampling problems. */

/**
 * Checks how the divergence is to be computed.
 *
 * @param caller Name of the public function, for the message.
 * @throws {RangeError} If it is not one of the ways there are.
 */
export function requireTrace(caller: string, trace: TraceSettings): void {
  if (trace?.kind === "exact") return;
  const isKnown = trace?.kind === "hutchinson" &&
    (trace.distribution === "gaussian" || trace.distribution === "rademacher") &&
    (trace.count === undefined || (Number.isSafeInteger(trace.count) && trace.count >= 1));
  if (!isKnown) {
    throw new RangeError(
      `${caller}: trace must be { kind: "exact" } or { kind: "hutchinson", distribution: ` +
        `"rademacher" or "gaussian" } with a whole count of at least 1, got ${quotedJson(trace)}`,
    );
  }
}

/** Trace of one solve; Hutchinson probes are drawn with `draw`. */
export function drawTrace(
  settings: TraceSettings,
  draw: Pick<Probes, "key" | "firstRow">,
): DivergenceTrace {
  if (settings.kind === "exact") return settings;
  const { kind, distribution, count } = settings;
  return { kind, probes: { distribution, ...draw }, ...(count === undefined ? {} : { count }) };
}

/** The trace of a training solve: with the energies among the parts of its state, if they are penalised. */
export function penalisedTrace(trace: DivergenceTrace, weights: EnergyWeights): DivergenceTrace {
  return penalisesEnergies(weights) ? { ...trace, energies: true } : trace;
}

/** Mean number of field evaluations over control groups. */
export function meanNfe(reports: readonly SolveReport[]): number {
  return reports.reduce((sum, report) => sum + report.nfe, 0) / reports.length;
}

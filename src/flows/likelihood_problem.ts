import type { GradientMethod, SolveProblem } from "../ode/engines/engine.ts";
import type { Probes } from "../ode/probes.ts";
import { type EnergyWeights, penalisesEnergies } from "../core/options/energy_weights.ts";
import { quotedJson } from "../core/quoted.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import { changeColumns, type DivergenceTrace, traceColumns } from "./divergence.ts";
import type { StepDraw } from "./losses/loss.ts";
import type { FlowModel, SolveSettings, TraceSettings } from "./model.ts";
import { velocityField } from "./velocity_field.ts";

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

/** Solve settings of a training step. */
export interface CnfLossSettings extends SolveSettings {
  /** How the divergence is computed. */
  readonly trace: TraceSettings;
  /** Backpropagation through the solver's steps, or the adjoint ODE. */
  readonly gradient: GradientMethod;
  /** Weights of what the gradient penalises besides the likelihood. Default: nothing. */
  readonly regularization?: EnergyWeights | null;
}

/** What a training step solves, and what the columns of its states (z, change, energies) are. */
export interface LikelihoodProblem {
  /** The problem but for its initial states. */
  readonly solve: Omit<SolveProblem, "y0">;
  /** The divergence with the step's probes, without the energies. */
  readonly drawn: DivergenceTrace;
  /** Columns after the position, from 0. */
  readonly added: number;
  /** The first of these, whose mean is the change of log-density. */
  readonly columns: number;
  /** Weights of the energies in the columns that follow: none, or kinetic and Jacobian. */
  readonly energyWeights: readonly number[];
  /** Weight of the predicted number of steps. */
  readonly stepsWeight: number;
}

/**
 * The solve of a training step by likelihood, from data (t = 0) to the source (t = 1).
 *
 * @param draw Probes are a function of this and the row.
 */
export function likelihoodProblem(
  model: Pick<FlowModel, "network" | "parameters">,
  settings: CnfLossSettings,
  { seed, step }: StepDraw,
): LikelihoodProblem {
  const weights = settings.regularization ?? { kinetic: 0, jacobian: 0 };
  const { kinetic, jacobian, steps = 0 } = weights;
  const key = keyOf(subsequences.probes, seed, step);
  const drawn = drawTrace(settings.trace, { key, firstRow: 0 });
  const trace = penalisedTrace(drawn, weights);
  return {
    solve: {
      ...{ field: velocityField(model, trace), t0: 0, t1: 1 },
      ...settings,
      keep: { kind: settings.gradient.kind === "direct" ? "records" : "end" },
    },
    ...{ drawn, added: traceColumns(trace), columns: changeColumns(trace) },
    energyWeights: penalisesEnergies(weights) ? [kinetic, jacobian] : [],
    stepsWeight: steps,
  };
}

import type { Parameters } from "../core/parameters.ts";
import type { Network } from "../nn/network.ts";
import type { StepControl } from "../ode/engines/engine.ts";
import type { Tableau } from "../ode/tableau.ts";
import { dopri5 } from "../ode/tableaus/dopri5.ts";
import type { Path } from "./paths/path.ts";
import type { Source } from "./sources/source.ts";
import type { Standardization } from "./standardization.ts";

/** A flow: a velocity network, its weights and the direction of its time. */
export interface FlowModel {
  /** How it was trained, which determines the direction of time. */
  readonly kind: FlowKind;
  /** The velocity network. */
  readonly network: Network;
  /** Weights on the device; disposed by their creator. */
  readonly parameters: Parameters;
  /** The probability path of flow matching; a CNF ignores it. */
  readonly path: Path;
  /** Distribution that the flow transports to the data: x0 of flow matching, the prior of a CNF. */
  readonly source: Source;
  /**
   * Column scales of the training data. Samples, likelihoods and losses of rows are then in the
   * data's units; only training steps take standardised rows. null: trained on the raw values.
   */
  readonly standardization: Standardization | null;
}

/** `cnf`: trained by likelihood; `fm`: by flow matching. */
export type FlowKind = "cnf" | "fm";

/** Solver settings of a flow. */
export interface SolveSettings {
  /** The Runge-Kutta method. */
  readonly tableau: Tableau;
  /** Step size control. */
  readonly control: StepControl;
  /** Number of rows that share one step size; `batch`: all rows. */
  readonly controlGroup: number | "batch";
  /** Limit on accepted plus rejected steps per control group. */
  readonly maxSteps: number;
}

/**
 * Default for all reported likelihoods and samples. A model trained through a coarse solver has
 * learnt that solver's error, which only an accurate solve reveals.
 */
export const accurateSolve: SolveSettings = {
  tableau: dopri5,
  control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
  controlGroup: 8,
  maxSteps: 10_000,
};

/** How the divergence is computed; Hutchinson probes are drawn by the flow. */
export type TraceSettings =
  | { readonly kind: "exact" }
  | {
    readonly kind: "hutchinson";
    readonly distribution: "gaussian" | "rademacher";
    /** Probes per row; default 1. Two or more give a standard error per row. */
    readonly count?: number;
  };

/** Time of the data: a CNF runs from data at 0 to the prior at 1, flow matching the other way. */
export function dataTime(kind: FlowKind): 0 | 1 {
  return kind === "cnf" ? 0 : 1;
}

/** Time of the source. */
export function priorTime(kind: FlowKind): 0 | 1 {
  return kind === "cnf" ? 1 : 0;
}

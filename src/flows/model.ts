import type { Parameters } from "../core/parameters.ts";
import type { Network } from "../nn/network.ts";
import type { StepControl } from "../ode/engines/engine.ts";
import type { Tableau } from "../ode/tableau.ts";
import { dopri5 } from "../ode/tableaus/dopri5.ts";
import type { Path } from "./paths/path.ts";
import type { Source } from "./sources/source.ts";
import type { Standardization } from "./standardization.ts";

/** A flow: a velocity network with its weights, and which way its time runs. */
export interface FlowModel {
  /** How it was trained, and so which way its time runs. */
  readonly kind: FlowKind;
  /** Which network the velocity is. */
  readonly network: Network;
  /** Its weights, on the device. Whoever made them disposes them. */
  readonly parameters: Parameters;
  /** The probability path of flow matching; a CNF ignores it. */
  readonly path: Path;
  /** What the flow transports to the data: x0 of flow matching, the prior of a CNF. */
  readonly source: Source;
  /**
   * The scales of the table that it learnt. Samples, likelihoods and losses of rows are in the
   * data's units with it; only the losses of training steps take rows that are standardised.
   * null: the model learnt the numbers themselves.
   */
  readonly standardization: Standardization | null;
}

/** `cnf`: trained by its likelihood. `fm`: by flow matching. */
export type FlowKind = "cnf" | "fm";

/** How the ODE of a flow is solved. */
export interface SolveSettings {
  /** The Runge-Kutta method. */
  readonly tableau: Tableau;
  /** How it chooses its steps. */
  readonly control: StepControl;
  /** Rows that share one step size; `batch`: all of them. */
  readonly controlGroup: number | "batch";
  /** Accepted and rejected steps a group may take before it gives up. */
  readonly maxSteps: number;
}

/**
 * The solve that every reported likelihood and every sample comes from unless
 * the caller says otherwise: a model trained through a coarse solver has learnt
 * that solver's error, and only an accurate solve shows it.
 */
export const accurateSolve: SolveSettings = {
  tableau: dopri5,
  control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
  controlGroup: 8,
  maxSteps: 10_000,
};

/** How a divergence is computed; the probes of Hutchinson's estimator are drawn by the flow. */
export type TraceSettings =
  | { readonly kind: "exact" }
  | {
    readonly kind: "hutchinson";
    readonly distribution: "gaussian" | "rademacher";
    /** Probes per row; 1 when left out. Two or more tell the standard error of a row's estimate. */
    readonly count?: number;
  };

/** The time at which the data live: a CNF runs from data at 0 to the prior at 1, flow matching the other way. */
export function dataTime(kind: FlowKind): 0 | 1 {
  return kind === "cnf" ? 0 : 1;
}

/** The time at which the source lives. */
export function priorTime(kind: FlowKind): 0 | 1 {
  return kind === "cnf" ? 1 : 0;
}

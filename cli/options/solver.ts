import type { FlagParametersForType } from "@stricli/core";
import { MOST_STEPS, tableaus } from "@fluxion/fluxion/options";
import { choice, controlGroup, positive, wholeNumber } from "./parsers.ts";

const solverNames = Object.keys(tableaus);

/** How an ODE is solved. */
export interface SolverOptions {
  /** A name of {@link tableaus}. */
  readonly solver?: string;
  readonly rtol?: number;
  readonly atol?: number;
  readonly solverSteps?: number;
  readonly controlGroup?: number | "batch";
}

/** What to use where an option is left out, as words for the help text. */
export interface SolverWords {
  readonly solver: string;
  readonly tolerance: string;
  readonly solverSteps: string;
  readonly controlGroup: string;
}

/** `--solver`, `--rtol`, `--atol`, `--solver-steps`, `--control-group`. */
export function solverOptions(words: SolverWords): FlagParametersForType<SolverOptions> {
  return {
    solver: {
      kind: "parsed",
      parse: choice(solverNames),
      optional: true,
      placeholder: "NAME",
      brief: `ODE solver, one of ${solverNames.join(", ")} (${words.solver})`,
      proposeCompletions: (partial: string) =>
        solverNames.filter((name) => name.startsWith(partial)),
    },
    rtol: {
      kind: "parsed",
      parse: positive("1e-5"),
      optional: true,
      placeholder: "TOL",
      brief: `relative tolerance of an adaptive solver (${words.tolerance})`,
    },
    atol: {
      kind: "parsed",
      parse: positive("1e-5"),
      optional: true,
      placeholder: "TOL",
      brief: `absolute tolerance of an adaptive solver (${words.tolerance})`,
    },
    solverSteps: {
      kind: "parsed",
      parse: wholeNumber(1, "16", MOST_STEPS),
      optional: true,
      placeholder: "N",
      brief: `steps of a fixed-step solver (${words.solverSteps})`,
    },
    controlGroup: {
      kind: "parsed",
      parse: controlGroup,
      optional: true,
      placeholder: "N|batch",
      brief: `rows that share one step size (${words.controlGroup})`,
    },
  };
}

/** How a divergence is found. */
export interface TraceOptions {
  readonly trace?: "exact" | "hutchinson";
  readonly probes?: "gaussian" | "rademacher";
}

/** `--trace`, `--probes`. */
export function traceOptions(words: string): FlagParametersForType<TraceOptions> {
  return {
    trace: {
      kind: "enum",
      values: ["exact", "hutchinson"],
      optional: true,
      brief:
        `divergence: exact costs a pass a dimension, hutchinson is a random estimate (${words})`,
    },
    probes: {
      kind: "enum",
      values: ["gaussian", "rademacher"],
      optional: true,
      brief: "random probes of hutchinson (default rademacher)",
    },
  };
}

/** How many probes estimate a divergence. */
export interface ProbeCountOption {
  readonly probeCount?: number;
}

/** Probes per row at most: each is a column of the state. */
const MOST_PROBES = 4096;

/** `--probe-count`. */
export const probeCountOption: FlagParametersForType<ProbeCountOption> = {
  probeCount: {
    kind: "parsed",
    parse: wholeNumber(1, "8", MOST_PROBES),
    optional: true,
    placeholder: "N",
    brief: "probes per row of hutchinson; two or more tell its standard error (default 1)",
  },
};

/** Where an accurate solve is meant unless something else is asked for. */
export const accurateSolveWords: SolverWords = {
  solver: "default dopri5",
  tolerance: "default 1e-5",
  solverSteps: "default 16",
  controlGroup: "default the run's",
};

import { InputError } from "@fluxion/fluxion/core";
import { option, requireMeaning, trainOptions } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "./option.ts";

const { solver, rtol, atol, solverSteps, controlGroup, trace, probes } = trainOptions;

/** The solver of an accurate solve. */
const accurateSolver = "dopri5";

/** How an ODE is solved where an accurate solve is meant unless something else is asked for. */
export const solverOptions = {
  solver: { ...solver, defaultWords: `default ${accurateSolver}` },
  rtol: { ...rtol, defaultWords: "default 1e-5" },
  atol: { ...atol, defaultWords: "default 1e-5" },
  solverSteps: { ...solverSteps, defaultWords: "default 16" },
  controlGroup: { ...controlGroup, defaultWords: "default the run's" },
} as const satisfies CommandOptions;

/** Values of {@link solverOptions}. */
export type SolverFlags = FlagValues<typeof solverOptions>;

/** How a divergence is found. */
export const traceOptions = {
  trace: { ...trace, defaultWords: "default exact" },
  probes: { ...probes, defaultWords: "default rademacher" },
} as const satisfies CommandOptions;

/** Values of {@link traceOptions}. */
export type TraceFlags = FlagValues<typeof traceOptions>;

/** Probes per row at most: each is a column of the state. */
const MOST_PROBES = 4096;

/** As {@link traceOptions}, for log-likelihoods of images too. */
export const likelihoodOptions = {
  trace: { ...trace, defaultWords: "default exact, for images hutchinson" },
  probes: traceOptions.probes,
  probeCount: {
    value: { kind: "whole", least: 1, most: MOST_PROBES },
    example: "8",
    placeholder: "N",
    help: "probes per row of hutchinson; two or more tell its standard error",
    defaultWords: "default 1",
  },
} as const satisfies CommandOptions;

/** Values of all that says how a likelihood is solved for. */
type SolveFlags = SolverFlags & FlagValues<typeof likelihoodOptions>;

/**
 * Refuses options that mean nothing for the solver or the trace; a trace that was not chosen may
 * be either one.
 *
 * @throws {InputError} The first of them, and why.
 */
export function requireSolveMeaning(flags: SolveFlags): void {
  const named = (name: keyof SolveFlags) => option(name, flags[name]);
  const { solver = accurateSolver, trace, probeCount } = flags;
  requireMeaning({ options: flags, named: (name) => named(name as keyof SolveFlags) }, {
    solver,
    trace,
  });
  if (probeCount !== undefined && trace === "exact") {
    throw new InputError(
      `${named("probeCount")}: means nothing here, the exact trace has no probes: give ` +
        option("trace", "hutchinson"),
    );
  }
}

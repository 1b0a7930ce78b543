import { InputError } from "@fluxion/fluxion/core";
import { option, requireApplicable, trainOptions } from "@fluxion/fluxion/options";
import type { CommandOptions, FlagValues } from "./option.ts";

const { solver, rtol, atol, solverSteps, controlGroup, trace, probes } = trainOptions;

/** Default solver of accurate solves. */
const accurateSolver = "dopri5";

/** Solver options of commands whose solves are accurate by default. */
export const solverOptions = {
  solver: { ...solver, defaultWords: `default ${accurateSolver}` },
  rtol: { ...rtol, defaultWords: "default 1e-5" },
  atol: { ...atol, defaultWords: "default 1e-5" },
  solverSteps: { ...solverSteps, defaultWords: "default 16" },
  controlGroup: { ...controlGroup, defaultWords: "default the run's" },
} as const satisfies CommandOptions;

/** Values of {@link solverOptions}. */
export type SolverFlags = FlagValues<typeof solverOptions>;

/** Options of the divergence. */
export const traceOptions = {
  trace: { ...trace, defaultWords: "default exact" },
  probes: { ...probes, defaultWords: "default rademacher" },
} as const satisfies CommandOptions;

/** Values of {@link traceOptions}. */
export type TraceFlags = FlagValues<typeof traceOptions>;

/** Largest number of probes per row; each adds a column to the state. */
const MOST_PROBES = 4096;

/** Like {@link traceOptions}, for log-likelihoods of points and images. */
export const likelihoodOptions = {
  trace: { ...trace, defaultWords: "default exact, for images hutchinson" },
  probes: traceOptions.probes,
  probeCount: {
    value: { kind: "whole", least: 1, most: MOST_PROBES },
    example: "8",
    placeholder: "N",
    group: "solve",
    help: "hutchinson's probes per row; two or more give a standard error",
    defaultWords: "default 1",
  },
} as const satisfies CommandOptions;

/** Values of all options of a likelihood solve. */
type SolveFlags = SolverFlags & FlagValues<typeof likelihoodOptions>;

/**
 * Refuses options that do not apply to the solver or the trace; without a chosen trace, options of
 * either are accepted.
 *
 * @throws {InputError} With the first such option and the reason.
 */
export function requireSolveApplicable(flags: SolveFlags): void {
  const named = (name: keyof SolveFlags) => option(name, flags[name]);
  const { solver = accurateSolver, trace, probeCount } = flags;
  requireApplicable({ options: flags, named: (name) => named(name as keyof SolveFlags) }, {
    solver,
    trace,
  });
  if (probeCount !== undefined && trace === "exact") {
    throw new InputError(
      `${named("probeCount")}: does not apply: the exact trace has no probes; use ` +
        option("trace", "hutchinson"),
    );
  }
}

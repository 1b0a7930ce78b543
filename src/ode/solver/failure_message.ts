import { FailureError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import type { SolveReport, StepControl } from "../engines/engine.ts";

/** The settings of a failed solve that its message mentions. */
export interface FailedSettings {
  readonly control: StepControl;
  readonly maxSteps: number;
  /** Name of the reader's option for the step budget; omitted if there is none. */
  readonly maxStepsOption?: string;
}

/**
 * User-facing message, without a full stop: where and why a group failed, and what to try.
 *
 * @throws {RangeError} If the group did not fail.
 */
export function describeFailure(report: SolveReport, settings: FailedSettings): string {
  const { failure, rejected } = report;
  if (failure === null) throw new RangeError("describeFailure: the group did not fail");
  const { control, maxSteps, maxStepsOption } = settings;
  const at = `at t = ${Number(failure.t.toPrecision(6))} with step size ` +
    `${Number(failure.h.toPrecision(3))} after ${rejected} rejected steps`;
  const gentler = control.kind === "adaptive"
    ? `${option("rtol")} and ${option("atol")} above ${control.rtol} and ${control.atol}`
    : `more steps than ${control.steps}, or the solver dopri5`;
  switch (failure.kind) {
    case "stepSizeUnderflow":
      return `${at}: a smaller step would not change t, the solution may blow up there; ` +
        `try ${gentler}, or an end before that t`;
    case "nonFinite":
      return `${at}: the field or the state is not finite there; ` +
        (control.kind === "fixed" ? `try ${gentler}, or look ` : "look ") +
        "for NaN and very large values in the data and the weights";
    case "maxStepsReached":
      return `${at}: the budget of ${maxSteps} steps is spent; ` +
        (control.kind === "fixed" ? `try at most ${maxSteps} steps` : `try ${gentler}`) +
        (maxStepsOption === undefined ? "" : `, or ${option(maxStepsOption)} above ${maxSteps}`);
    default:
      return failure satisfies never;
  }
}

/** A message of this file without what to try, for commands that have no such options. */
export function withoutAdvice(message: string): string {
  return message.replace(/; try [^;]*$/, "");
}

/** Number of failed groups that are listed individually. */
const NAMED_GROUPS = 3;

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

/**
 * One-line user-facing message about the failed groups of a solve: which samples failed, where,
 * why, and what to try.
 *
 * @param solve.firstRow Number of the solve's first row in the user's numbering.
 * @throws {RangeError} If no group failed.
 */
export function describeFailures(
  reports: readonly SolveReport[],
  solve: { readonly settings: FailedSettings; readonly firstRow: number },
): string {
  const failed = reports.filter((report) => report.failure !== null);
  const [first, ...others] = failed;
  if (first === undefined) throw new RangeError("describeFailures: no group failed");
  const samples = failed.slice(0, NAMED_GROUPS).map(({ rows: [begin, end] }) => {
    const from = begin + solve.firstRow, to = end - 1 + solve.firstRow;
    return from === to ? `${from}` : `${from} to ${to}`;
  });
  const unnamed = failed.length - samples.length;
  const more = unnamed > 0 ? ` and those of ${unnamed} more group${unnamed > 1 ? "s" : ""}` : "";
  return `the solve stopped for samples ${samples.join(", ")}${more}` +
    `${others.length > 0 ? "; the first" : ""} ${describeFailure(first, solve.settings)}`;
}

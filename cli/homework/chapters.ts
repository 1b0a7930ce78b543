import type { ReportPart, RunPart, TheoremPart } from "../../src/report/parts.ts";
import type { ReportedRun } from "../../src/report/reported_run.ts";
import type { Theorem, TheoremCheck, TheoremName } from "../../src/theory/theorem.ts";

/** Task 1 asks for these, in this order. */
export const problems: readonly { readonly name: TheoremName; readonly title: string }[] = [
  {
    name: "kfp",
    title: "Problem 1: from the Kolmogorov-Fokker-Planck equation to continuous-time flows",
  },
  { name: "ddpm", title: "Problem 2: the DDPM step is a step of the reverse SDE" },
  { name: "fm-variance", title: "Problem 3: the variance along flow matching's path" },
];

/** Tasks 2 and 3, a run each. */
export const tasks = {
  cnf: "Task 2: a continuous normalizing flow on two moons",
  fm: "Task 3: flow matching on MNIST",
} as const;

/** Said before the first chapter. */
export const introduction =
  "A homework on flow models, solved: three theorems, each proved and then put to the test by a " +
  "program; a continuous normalizing flow that learns two moons by their exact likelihood; a " +
  "flow-matching model that learns to write digits. Every number and every picture on this page " +
  "was computed on the machine that made it, and every figure says with which command.";

const theoryWords =
  "Each problem has its derivation, the statements that a program tested with what it measured, " +
  "and a picture of the measurement. A check can fail: a wrong sign or a dropped factor in the " +
  "theorem would be seen.";

/** A theorem with what its check found. */
export interface Solved {
  readonly theorem: Theorem;
  readonly check: TheoremCheck;
}

/**
 * The report's parts in the order of the homework.
 *
 * @param solved One for each of {@link problems}.
 */
export function homeworkChapters(
  solved: readonly Solved[],
  runs: { readonly cnf: ReportedRun; readonly fm: ReportedRun },
): readonly ReportPart[] {
  const theorems = solved.map((part, i): TheoremPart => ({
    kind: "theorem",
    title: problems[i]!.title,
    ...part,
  }));
  const run = (model: "cnf" | "fm"): RunPart => ({
    kind: "run",
    title: tasks[model],
    run: runs[model],
  });
  return [
    { kind: "chapter", title: "Task 1: theory", markdown: theoryWords, parts: theorems },
    run("cnf"),
    run("fm"),
  ];
}

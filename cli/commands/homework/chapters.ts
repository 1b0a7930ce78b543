import type { ReportedRun, ReportPart, RunPart, TheoremPart } from "@fluxion/fluxion/report";
import type { Theorem, TheoremCheck, TheoremName } from "@fluxion/fluxion/theory";
import { type TrainingName, trainings } from "./trainings.ts";

/** Task 1 asks for these, in this order. */
export const problems: readonly { readonly name: TheoremName; readonly title: string }[] = [
  {
    name: "kfp",
    title: "Problem 1: from the Kolmogorov-Fokker-Planck equation to continuous-time flows",
  },
  { name: "ddpm", title: "Problem 2: the DDPM step is a step of the reverse SDE" },
  { name: "fm-variance", title: "Problem 3: the variance along flow matching's path" },
];

/** Said before the first chapter. */
export const introduction =
  "A homework on flow models, solved: three theorems, each proved and then put to the test by a " +
  "program; a continuous normalizing flow that learns two moons by their exact likelihood; a " +
  "flow-matching model that learns to write digits, with the homework's own network and with a " +
  "larger one. Every number and every picture on this page was computed on the machine that made " +
  "it, and every figure says with which command.";

const theoryWords =
  "Each problem has its derivation, the statements that a program tested with what it measured, " +
  "and a picture of the measurement. A check can fail: a wrong sign or a dropped factor in the " +
  "theorem would be seen.";

const mnistWords =
  "The same data and the same loss with two networks: the homework's own, and a U-Net, whose samples " +
  "can be read the better the longer it trains.";

/** Why the homework's network draws what it draws. */
function resnetWords({ config }: ReportedRun): string {
  // Two 3x3 convolutions at the ends and one a block, each a pixel more on either side.
  const pixels = 1 + 2 * (2 + config.blocks!);
  return "The network of the homework: convolutions at full resolution, without pooling. A pixel's " +
    `velocity depends on the ${pixels}×${pixels} pixels around it, so that the network never sees a ` +
    "digit whole: it learns strokes, of the right width and curvature, and does not know how they " +
    "join to a digit.";
}

const unetWords =
  "The same with a U-Net: it halves the images twice and doubles them again, so that the middle of " +
  "it sees each digit whole, and the connections across keep the strokes sharp.";

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
  runs: Readonly<Record<TrainingName, ReportedRun>>,
): readonly ReportPart[] {
  const theorems = solved.map((part, i): TheoremPart => ({
    kind: "theorem",
    title: problems[i]!.title,
    ...part,
  }));
  const { cnf, fm, fmUnet } = runs;
  const networks: readonly RunPart[] = [
    {
      kind: "run",
      title: "The homework's ResNet",
      markdown: resnetWords(fm),
      run: fm,
      // What they show of one network they show of the other; each costs a thousand evaluations.
      without: ["solvers", "memory"],
    },
    {
      kind: "run",
      title: "The same with a U-Net",
      markdown: unetWords,
      run: fmUnet,
      without: ["data"],
    },
  ];
  return [
    { kind: "chapter", title: "Task 1: theory", markdown: theoryWords, parts: theorems },
    { kind: "run", title: trainings.cnf.title, run: cnf },
    {
      kind: "chapter",
      title: "Task 3: flow matching on MNIST",
      markdown: mnistWords,
      parts: networks,
    },
  ];
}

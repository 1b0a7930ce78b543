import type {
  GradientComparison,
  ReportedRun,
  ReportPart,
  RunPart,
  SelfTest,
  TheoremPart,
} from "@fluxion/fluxion/report";
import type { Theorem, TheoremCheck, TheoremName } from "@fluxion/fluxion/theory";
import { type TrainingName, trainings } from "./trainings.ts";

/** The problems of Task 1, in order. */
export const problems: readonly { readonly name: TheoremName; readonly title: string }[] = [
  {
    name: "kfp",
    title: "Problem 1: from the Kolmogorov-Fokker-Planck equation to continuous-time flows",
  },
  { name: "ddpm", title: "Problem 2: the DDPM step is a step of the reverse SDE" },
  { name: "fm-variance", title: "Problem 3: the variance along flow matching's path" },
];

/** Text before the first chapter. */
export const introduction =
  "A homework on flow models, solved: three theorems, each proved and then checked numerically by " +
  "a program; a continuous normalizing flow trained on two moons by exact likelihood; a " +
  "flow-matching model that learns to write digits, with the homework's own network and with a " +
  "larger one. Every number and every picture on this page was computed on the machine that made " +
  "it; the commands that compute them again are on it too.";

const theoryWords =
  "Each problem has a derivation, the claims that a program tested with the measured values, and a " +
  "picture of the measurements. A check can fail: it detects a wrong sign or a dropped factor in " +
  "the theorem.";

const selfTestWords =
  "Before anything is trained, two programs test the parts of the models: the ODE solver with the " +
  "change of variables, and flow matching's path, velocity and loss.";

const gradientWords =
  "The trained network's loss and gradient on one batch, computed in four ways: the divergence as an " +
  "exact trace, which takes a tangent per dimension, or by Hutchinson's estimator with one " +
  "Rademacher probe per point; and the gradient by backpropagation through the solver's steps, or " +
  "by the adjoint ODE (torchdiffeq's `odeint_adjoint` with the option `seminorm`), which keeps no " +
  "steps. All with dopri5 and the training's control groups, at the training's tolerance and at a " +
  "tighter one.";

const mnistWords =
  "The same data and the same loss with two networks: the homework's own, and a U-Net, whose samples " +
  "become more legible the longer it trains.";

/** Explains the limits of the homework's network. */
function resnetWords({ config }: ReportedRun): string {
  // Two 3x3 convolutions at the ends and one per block, each adding a pixel on either side.
  const pixels = 1 + 2 * (2 + config.blocks!);
  return "The network of the homework: convolutions at full resolution, without pooling. A pixel's " +
    `velocity depends on the ${pixels}×${pixels} pixels around it, so the network never sees a whole ` +
    "digit: it learns strokes of the right width and curvature, but not how they combine into a " +
    "digit.";
}

const unetWords =
  "The same with a U-Net: it downsamples the images twice and upsamples them again, so its middle " +
  "layers see the whole digit, and the skip connections keep the strokes sharp.";

/** A theorem with the result of its check. */
export interface Solved {
  readonly theorem: Theorem;
  readonly check: TheoremCheck;
}

/** All results of a homework. */
export interface HomeworkResults {
  /** One per problem in {@link problems}. */
  readonly solved: readonly Solved[];
  readonly selfTests: readonly SelfTest[];
  readonly runs: Readonly<Record<TrainingName, ReportedRun>>;
  /** Of the continuous normalizing flow. */
  readonly gradients: GradientComparison;
}

/** Parts of the report, in the order of the homework. */
export function homeworkChapters(
  { solved, selfTests, runs, gradients }: HomeworkResults,
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
      // Shown for the other network only: each costs a thousand evaluations.
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
    { kind: "selfTests", title: "Self-tests", markdown: selfTestWords, tests: selfTests },
    { kind: "run", title: trainings.cnf.title, run: cnf },
    {
      kind: "gradients",
      title: "Task 2: exact trace or Hutchinson, direct gradient or adjoint",
      markdown: gradientWords,
      comparison: gradients,
    },
    {
      kind: "chapter",
      title: "Task 3: flow matching on MNIST",
      markdown: mnistWords,
      parts: networks,
    },
  ];
}

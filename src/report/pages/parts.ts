import type { Theorem, TheoremCheck } from "../../theory/theorem.ts";
import type { GradientComparison } from "../evaluation/gradient_comparison.ts";
import type { SelfTest } from "../self_tests/self_test.ts";
import type { ReportedRun } from "../reported_run.ts";

/**
 * A part of a report, in document order. The command `report` makes theorems and runs; `homework`
 * groups them into chapters.
 */
export type ReportPart =
  | {
    readonly kind: "chapter";
    /** Title of the chapter's heading. */
    readonly title: string;
    /** Text below the heading; Markdown with LaTeX between $ and $. */
    readonly markdown: string;
    /** Parts of the chapter; chapters do not nest. */
    readonly parts: readonly (TheoremPart | RunPart)[];
  }
  | TheoremPart
  | RunPart
  | GradientsPart
  | SelfTestsPart;

/** The ways to compute a CNF's gradient, compared. */
export interface GradientsPart {
  /** Discriminant. */
  readonly kind: "gradients";
  /** Title of the heading. */
  readonly title: string;
  /** Introductory text below the heading; Markdown with LaTeX between $ and $. */
  readonly markdown: string;
  /** Result of `compareGradients(...)`. */
  readonly comparison: GradientComparison;
}

/** Self-tests with their results. */
export interface SelfTestsPart {
  /** Discriminant. */
  readonly kind: "selfTests";
  /** Title of the heading. */
  readonly title: string;
  /** Introductory text below the heading; Markdown with LaTeX between $ and $. */
  readonly markdown: string;
  /** Result of `runSelfTests(...)`. */
  readonly tests: readonly SelfTest[];
}

/** A theorem with its proof, check and picture. */
export interface TheoremPart {
  /** Discriminant. */
  readonly kind: "theorem";
  /** Title of the heading; the theorem's own by default. */
  readonly title?: string;
  /** The theorem. */
  readonly theorem: Theorem;
  /** Result of `theorem.check(...)`. */
  readonly check: TheoremCheck;
}

/** A trained run: its data, its training and the resulting model. */
export interface RunPart {
  /** Discriminant. */
  readonly kind: "run";
  /** Title of the heading; by default such as "Two moons: continuous normalizing flow". */
  readonly title?: string;
  /** Introductory text below the heading; Markdown with LaTeX between $ and $. */
  readonly markdown?: string;
  /** From `readReportedRun(...)`, validated before anything is computed. */
  readonly run: ReportedRun;
  /** Subsections to omit, such as those another part of the report already shows; none by default. */
  readonly without?: readonly Omissible[];
}

/**
 * Optional subsections of a run: its data and, for models of images, the solver study and the
 * memorisation check.
 */
export type Omissible = "data" | "solvers" | "memory";

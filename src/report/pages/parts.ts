import type { Theorem, TheoremCheck } from "../../theory/theorem.ts";
import type { ReportedRun } from "../reported_run.ts";

/**
 * What a report tells of, in the order in which it tells it. The command
 * `report` has theorems and runs; `homework` groups them in chapters.
 */
export type ReportPart =
  | {
    readonly kind: "chapter";
    /** Of its heading. */
    readonly title: string;
    /** Under the heading; Markdown with LaTeX between $ and $. */
    readonly markdown: string;
    /** Chapters have no chapters inside. */
    readonly parts: readonly (TheoremPart | RunPart)[];
  }
  | TheoremPart
  | RunPart;

/** A theorem with its proof, its check and its picture. */
export interface TheoremPart {
  /** Tells the parts apart. */
  readonly kind: "theorem";
  /** Of its heading; the theorem's own when left out. */
  readonly title?: string;
  /** The theorem. */
  readonly theorem: Theorem;
  /** What its check found, `theorem.check(...)`. */
  readonly check: TheoremCheck;
}

/** A trained run with its data, its course and what it learnt. */
export interface RunPart {
  /** Tells the parts apart. */
  readonly kind: "run";
  /** Of its heading; such as "Two moons: continuous normalizing flow" when left out. */
  readonly title?: string;
  /** Under the heading, before what the run was; Markdown with LaTeX between $ and $. */
  readonly markdown?: string;
  /** `readReportedRun(...)`: read and found whole before anything is computed. */
  readonly run: ReportedRun;
  /** What another part of the report shows already; whatever the run has is shown when left out. */
  readonly without?: readonly Omissible[];
}

/**
 * What a run's section may do without: its data, and of a model of images the
 * solver study and the look for memorised images.
 */
export type Omissible = "data" | "solvers" | "memory";

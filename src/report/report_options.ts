import type { BackendKind } from "../backends/backend.ts";

/** Progress of a report. */
export interface ReportProgress {
  /** Number of finished pieces. */
  readonly done: number;
  /** Total number of pieces. */
  readonly total: number;
  /** Estimated share of the work that is done, from 0 to 1: pieces take very different times. */
  readonly share: number;
  /** Label of the piece in progress. */
  readonly label: string;
}

/** Front matter of a report, and how it is computed. */
export interface ReportOptions {
  /** Title of the page; plain text. */
  readonly title: string;
  /** One line below the title; plain text. */
  readonly subtitle: string;
  /** Text before the first part; Markdown with LaTeX between $ and $, "" for none. */
  readonly introduction: string;
  /** Command line that makes the report again. */
  readonly command: string;
  /** Version of the program, such as `0.1.0`. */
  readonly version: string;
  /** Seed of everything that is sampled for the report. */
  readonly seed: number;
  /** Backend for the models; `auto` chooses per run. */
  readonly backend: "auto" | BackendKind;
  /** Threads of the CPU backend; one per core by default. */
  readonly threads?: number;
  /** Bit-identical results on every machine, on the CPU. */
  readonly portableBits?: boolean;
  /** Folder in which the commands of the report are to be run, in words; Markdown. */
  readonly folder?: string;
  /** Called for each piece that could not be computed, with its label and the reason. */
  readonly onFailure?: (label: string, reason: string) => void;
  /** Called before each piece. */
  readonly onProgress?: (progress: ReportProgress) => void;
  /** If aborted, its reason is thrown before the next piece. */
  readonly signal?: AbortSignal;
}

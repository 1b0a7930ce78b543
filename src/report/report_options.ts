import type { BackendKind } from "../backends/backend.ts";

/** How far a report is. */
export interface ReportProgress {
  /** Pieces that are there. */
  readonly done: number;
  /** Pieces in all. */
  readonly total: number;
  /** What is being made, in a few words. */
  readonly words: string;
}

/** What a report says first, and how it is computed. */
export interface ReportOptions {
  /** Of the page; plain text. */
  readonly title: string;
  /** One line under it; plain text. */
  readonly subtitle: string;
  /** Before the first part; Markdown with LaTeX between $ and $, "" for none. */
  readonly introduction: string;
  /** How the report is made again: a command line. */
  readonly command: string;
  /** Of the program that makes it, such as `0.1.0`. */
  readonly version: string;
  /** Of everything that is drawn for the report. */
  readonly seed: number;
  /** Where models compute; `auto` decides for each run. */
  readonly backend: "auto" | BackendKind;
  /** Of the CPU backend; as many as the machine has cores if left out. */
  readonly threads?: number;
  /** The same bits on every machine, on the CPU. */
  readonly portableBits?: boolean;
  /** Called whenever another piece is begun. */
  readonly onProgress?: (progress: ReportProgress) => void;
  /** Aborted: its reason is thrown before the next piece. */
  readonly signal?: AbortSignal;
}

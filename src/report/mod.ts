/**
 * Reports of runs and theorems: a document as data, rendered as one page of HTML or Markdown.
 *
 * @module
 */
export type {
  Block,
  Chart,
  Commands,
  Details,
  Figure,
  Gallery,
  Notice,
  Picture,
  Prose,
  Raster,
  ReportDocument,
  Section,
  Table,
} from "./pages/document.ts";
export type { Omissible, ReportPart, RunPart, TheoremPart } from "./pages/parts.ts";
export {
  givenNumber,
  observedText,
  theoremPage,
  type TheoremPageOptions,
} from "./pages/theorem_page.ts";
export { type ReportPlace, reportPlace, writeReport } from "./pages/write_report.ts";
export { runCheck } from "../theory/run_check.ts";
export { reportDocument } from "./report.ts";
export type { ReportOptions, ReportProgress } from "./report_options.ts";
export { type EpochSamples, readReportedRun, type ReportedRun } from "./reported_run.ts";

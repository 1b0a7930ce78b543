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
export type {
  GradientsPart,
  Omissible,
  ReportPart,
  RunPart,
  SelfTestsPart,
  TheoremPart,
} from "./pages/parts.ts";
export { compareRunGradients, type RunGradientOptions } from "./run_gradients.ts";
export type {
  GradientComparison,
  GradientFigures,
  ProbeFigures,
} from "./evaluation/gradient_comparison.ts";
export { runSelfTests, type SelfTest, type SelfTestName } from "./self_tests/self_test.ts";
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

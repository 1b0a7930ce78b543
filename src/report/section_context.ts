import type { ReportOptions } from "./report_options.ts";
import type { RunModelCache } from "./run_model_cache.ts";

/** Shared state of the sections of a report. */
export interface SectionContext extends Pick<ReportOptions, "seed"> {
  /** Cache of the open model. */
  readonly models: RunModelCache;
  /** Makes a unique section id. */
  id(wanted: string): string;
}

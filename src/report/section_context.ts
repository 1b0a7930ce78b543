import type { ReportOptions } from "./report_options.ts";
import type { RunModelCache } from "./run_model_cache.ts";

/** What the sections of a report share. */
export interface SectionContext extends Pick<ReportOptions, "seed"> {
  /** The models of the report's runs, one at a time. */
  readonly models: RunModelCache;
  /** Makes an id that no other section has. */
  id(wanted: string): string;
}

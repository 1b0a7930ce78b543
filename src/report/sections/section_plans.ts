import type { PlannedSection } from "../plan.ts";

/** Model-specific part of a run's section. */
export interface SectionPlans {
  /** Sections after the data and the training. */
  readonly sections: readonly PlannedSection[];
  /** Their outcome, once they are made; plain text. */
  outcome(): string | null;
}

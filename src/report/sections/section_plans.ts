import type { PlannedSection } from "../plan.ts";

/** What one kind of model adds to its run's section. */
export interface SectionPlans {
  /** After the data and the training. */
  readonly sections: readonly PlannedSection[];
  /** What they found, once they are made; plain text. */
  outcome(): string | null;
}

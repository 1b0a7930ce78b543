import type { Piece, PlannedSection } from "../plan.ts";
import type { KeyFigure } from "../results.ts";

/** Model-specific part of a run's section. */
export interface SectionPlans {
  /** Makes the table of the run's figures, which starts its section. */
  readonly figures: Piece;
  /** Sections that show the results, before the training curves. */
  readonly shown: readonly PlannedSection[];
  /** Folded sections, after the training curves. */
  readonly folded: readonly PlannedSection[];
  /** The run's outcome, once the figures are made; plain text. */
  outcome(): string | null;
  /** The figures for the report's table of results, once they are made. */
  keyFigures(): readonly KeyFigure[];
}

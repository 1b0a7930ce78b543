import { FailureError } from "../core/errors.ts";
import type { Block, Section } from "./pages/document.ts";
import type { Result } from "./results.ts";

/** A unit of work that makes blocks. */
export interface Piece {
  /** Progress label. */
  readonly label: string;
  /**
   * Time relative to the other pieces, for estimates; default 1. Those of more were measured: per
   * cent of a run's whole, on 2 cores.
   */
  readonly weight?: number;
  /** Makes the blocks. */
  make(): Promise<readonly Block[]>;
}

/** A section before it is computed, so that pieces can be counted for progress. */
export interface PlannedSection {
  /** As {@link Section.id}. */
  readonly id: string;
  /** As {@link Section.title}. */
  readonly title: string;
  /** As {@link Section.folded}. */
  readonly folded?: boolean;
  /** Make {@link Section.blocks}, in order. */
  readonly pieces: readonly Piece[];
  /** Make {@link Section.sections}, after the pieces. */
  readonly sections: readonly PlannedSection[];
  /** Results for the start of the report, after all of the section has been made; none by default. */
  results?(): readonly Result[];
  /** Returns {@link Section.outcome} after all of the section has been made. */
  outcome(): string | null;
}

/** A block of text. */
export function prose(markdown: string): Block {
  return { kind: "prose", markdown };
}

/** A subsection without an outcome of its own. */
export function subsection(
  parent: string,
  title: string,
  pieces: readonly Piece[],
): PlannedSection {
  const id = `${parent}-${slug(title)}`;
  return { id, title, pieces, sections: [], outcome: () => null };
}

/** A subsection that is folded: what a reader may want to know after the results. */
export function foldedSubsection(
  parent: string,
  title: string,
  pieces: readonly Piece[],
): PlannedSection {
  return { ...subsection(parent, title, pieces), folded: true };
}

/** A heading as an id of lower-case letters, digits and dashes. */
export function slug(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") ||
    "section";
}

/** Results of a section and its subsections, in their order. */
export function resultsOf({ results, sections }: PlannedSection): readonly Result[] {
  return [...(results?.() ?? []), ...sections.flatMap(resultsOf)];
}

/** Number of pieces of a section and its subsections, and the sum of their weights. */
export function workOf({ pieces, sections }: PlannedSection): { count: number; weight: number } {
  return sections.map(workOf).reduce(
    (sum, one) => ({ count: sum.count + one.count, weight: sum.weight + one.weight }),
    {
      count: pieces.length,
      weight: pieces.reduce((sum, { weight = 1 }) => sum + weight, 0),
    },
  );
}

/** What {@link makeSection} calls. */
export interface MakingOptions {
  /** Called before each piece; may throw to abort. */
  beforePiece(piece: Piece): void;
  /** Returns what stands in the place of a piece that could not be computed. */
  onFailure(piece: Piece, error: FailureError): readonly Block[];
}

/**
 * Makes a planned section, piece by piece.
 *
 * A piece whose computation fails is replaced; the others are made.
 */
export async function makeSection(
  plan: PlannedSection,
  options: MakingOptions,
): Promise<Section> {
  const blocks: Block[] = [];
  for (const piece of plan.pieces) {
    // CPU work never yields to the event loop, so yield here to let Ctrl-C be handled.
    await new Promise((resolve) => setTimeout(resolve, 0));
    options.beforePiece(piece);
    try {
      blocks.push(...await piece.make());
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      blocks.push(...options.onFailure(piece, error));
    }
  }
  const sections: Section[] = [];
  for (const section of plan.sections) sections.push(await makeSection(section, options));
  return {
    id: plan.id,
    title: plan.title,
    outcome: plan.outcome(),
    folded: plan.folded ?? false,
    blocks,
    sections,
  };
}

import type { Block, Section } from "./pages/document.ts";

/** A unit of work that makes blocks. */
export interface Piece {
  /** Progress label. */
  readonly label: string;
  /** Makes the blocks. */
  make(): Promise<readonly Block[]>;
}

/** A section before it is computed, so that pieces can be counted for progress. */
export interface PlannedSection {
  /** As {@link Section.id}. */
  readonly id: string;
  /** As {@link Section.title}. */
  readonly title: string;
  /** Make {@link Section.blocks}, in order. */
  readonly pieces: readonly Piece[];
  /** Make {@link Section.sections}, after the pieces. */
  readonly sections: readonly PlannedSection[];
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

/** A heading as an id of lower-case letters, digits and dashes. */
export function slug(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") ||
    "section";
}

/** Number of pieces of a section and its subsections. */
export function countPieces({ pieces, sections }: PlannedSection): number {
  return sections.reduce((sum, section) => sum + countPieces(section), pieces.length);
}

/**
 * Makes a planned section, piece by piece.
 *
 * @param beforePiece Called before each piece; may throw to abort.
 */
export async function makeSection(
  plan: PlannedSection,
  beforePiece: (piece: Piece) => void,
): Promise<Section> {
  const blocks: Block[] = [];
  for (const piece of plan.pieces) {
    // CPU work never yields to the event loop, so yield here to let Ctrl-C be handled.
    await new Promise((resolve) => setTimeout(resolve, 0));
    beforePiece(piece);
    blocks.push(...await piece.make());
  }
  const sections: Section[] = [];
  for (const section of plan.sections) sections.push(await makeSection(section, beforePiece));
  return { id: plan.id, title: plan.title, outcome: plan.outcome(), blocks, sections };
}

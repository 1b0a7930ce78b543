import type { Block, Section } from "./pages/document.ts";

/** Blocks that are made in one go. */
export interface Piece {
  /** What is being made, for who waits. */
  readonly words: string;
  /** Makes the blocks. */
  make(): Promise<readonly Block[]>;
}

/** A section before anything of it is computed: so much can be counted, and time left be told. */
export interface PlannedSection {
  /** As {@link Section.id}. */
  readonly id: string;
  /** As {@link Section.title}. */
  readonly title: string;
  /** Make {@link Section.blocks}, in this order. */
  readonly pieces: readonly Piece[];
  /** Make {@link Section.sections}, after the pieces. */
  readonly sections: readonly PlannedSection[];
  /** Gives {@link Section.outcome} once all of it is made. */
  outcome(): string | null;
}

/** Words, ready at once. */
export function prose(markdown: string): Block {
  return { kind: "prose", markdown };
}

/** A part of a section, whose outcome its parent tells. */
export function subsection(
  parent: string,
  title: string,
  pieces: readonly Piece[],
): PlannedSection {
  const id = `${parent}-${slug(title)}`;
  return { id, title, pieces, sections: [], outcome: () => null };
}

/** A heading's words as lower-case letters, digits and dashes. */
export function slug(title: string): string {
  return title.normalize("NFKD").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") ||
    "section";
}

/** How many pieces a section and its subsections have. */
export function countPieces({ pieces, sections }: PlannedSection): number {
  return sections.reduce((sum, section) => sum + countPieces(section), pieces.length);
}

/**
 * Makes a planned section, one piece after the other.
 *
 * @param beforePiece Called before each; what it throws ends the work.
 */
export async function makeSection(
  plan: PlannedSection,
  beforePiece: (piece: Piece) => void,
): Promise<Section> {
  const blocks: Block[] = [];
  for (const piece of plan.pieces) {
    // On the CPU nothing that a piece awaits lets the event loop turn: a Ctrl-C is heard here.
    await new Promise((resolve) => setTimeout(resolve, 0));
    beforePiece(piece);
    blocks.push(...await piece.make());
  }
  const sections: Section[] = [];
  for (const section of plan.sections) sections.push(await makeSection(section, beforePiece));
  return { id: plan.id, title: plan.title, outcome: plan.outcome(), blocks, sections };
}

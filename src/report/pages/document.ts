/**
 * A report as data: sections of blocks, which `html.ts` and `markdown.ts` render.
 * Whoever computes something to report makes blocks and knows nothing of either.
 *
 * @module
 */

/** A whole report. */
export interface ReportDocument {
  /** Of the page; plain text. */
  readonly title: string;
  /** One line under it, such as when and where it was made; plain text. */
  readonly subtitle: string;
  /** Before the first section. */
  readonly blocks: readonly Block[];
  /** In reading order. */
  readonly sections: readonly Section[];
}

/** A heading with what stands under it. */
export interface Section {
  /** Of the heading, to be linked to: lower-case letters, digits and dashes, one of its kind. */
  readonly id: string;
  /** Plain text. */
  readonly title: string;
  /** Its outcome in a few words, for the table of contents; plain text, null where there is none. */
  readonly outcome: string | null;
  /** Under the heading. */
  readonly blocks: readonly Block[];
  /** Under the blocks, one level deeper. */
  readonly sections: readonly Section[];
}

/** A piece of a section. */
export type Block = Prose | Figure | Gallery | Table | Details;

/** Words. */
export interface Prose {
  /** Tells the blocks apart. */
  readonly kind: "prose";
  /** Markdown with LaTeX between $ and $, or on lines of its own between $$ and $$. Its headings become level 4 and deeper. */
  readonly markdown: string;
}

/** A picture. */
export interface Picture {
  /** A PNG or GIF file. */
  readonly bytes: Uint8Array;
  /** How `bytes` is encoded. */
  readonly format: "png" | "gif";
  /** What is to be seen, for who cannot see it; plain text. */
  readonly alt: string;
  /** `chart`: drawn on white paper, which a dark page may turn over. `photo`: shown as it is. */
  readonly look: "chart" | "photo";
  /** Pixels of the file to one of a page; 2 when left out. */
  readonly density?: number;
}

/** A picture with what is said about it. */
export interface Figure {
  /** Tells the blocks apart. */
  readonly kind: "figure";
  /** What is shown. */
  readonly picture: Picture;
  /** What it says; Markdown with LaTeX between $ and $. */
  readonly caption: string;
  /** Draws the picture again: a command line. */
  readonly command: string;
}

/** Pictures of one kind side by side. */
export interface Gallery {
  /** Tells the blocks apart. */
  readonly kind: "gallery";
  /** Each with its own few words; plain text. */
  readonly pictures: readonly { readonly picture: Picture; readonly label: string }[];
  /** Of all; Markdown with LaTeX between $ and $. */
  readonly caption: string;
  /** Draws the pictures again: a command line. */
  readonly command: string;
}

/** Rows of text. */
export interface Table {
  /** Tells the blocks apart. */
  readonly kind: "table";
  /** Names of the columns and which way they are aligned; Markdown with LaTeX between $ and $. */
  readonly columns: readonly { readonly name: string; readonly align: "left" | "right" }[];
  /** [rows][columns]; Markdown with LaTeX between $ and $. */
  readonly rows: readonly (readonly string[])[];
}

/** What most readers skip: folded on a page, printed whole. */
export interface Details {
  /** Tells the blocks apart. */
  readonly kind: "details";
  /** What is inside; plain text. */
  readonly summary: string;
  /** What is inside. */
  readonly blocks: readonly Block[];
}

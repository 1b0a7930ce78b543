/**
 * A report as data: sections of blocks. Sections are computed as blocks, independent of the output
 * format; `html.ts` and `markdown.ts` render them.
 *
 * @module
 */

/** A whole report. */
export interface ReportDocument {
  /** Title of the page; plain text. */
  readonly title: string;
  /** One line below the title, such as when and where it was made; plain text. */
  readonly subtitle: string;
  /** Before the first section. */
  readonly blocks: readonly Block[];
  /** In reading order. */
  readonly sections: readonly Section[];
}

/** A heading with its content. */
export interface Section {
  /** Anchor of the heading: lower-case letters, digits and dashes; unique. */
  readonly id: string;
  /** Plain text. */
  readonly title: string;
  /** Outcome in a few words for the table of contents; plain text, or null. */
  readonly outcome: string | null;
  /** Blocks below the heading. */
  readonly blocks: readonly Block[];
  /** Subsections, below the blocks. */
  readonly sections: readonly Section[];
}

/** A piece of a section. */
export type Block = Prose | Figure | Gallery | Table | Details;

/** Text. */
export interface Prose {
  /** Discriminant. */
  readonly kind: "prose";
  /** Markdown with inline LaTeX ($) and display LaTeX ($$); its headings become level 4 and deeper. */
  readonly markdown: string;
}

/** A picture. */
export interface Picture {
  /** A PNG or GIF file. */
  readonly bytes: Uint8Array;
  /** Encoding of `bytes`. */
  readonly format: "png" | "gif";
  /** Alternative text; plain text. */
  readonly alt: string;
  /** `chart`: on a white background that a dark page may invert. `photo`: shown unchanged. */
  readonly look: "chart" | "photo";
  /** Image pixels per CSS pixel; 2 by default. */
  readonly density?: number;
}

/** A picture with a caption. */
export interface Figure {
  /** Discriminant. */
  readonly kind: "figure";
  /** The picture. */
  readonly picture: Picture;
  /** Markdown with LaTeX between $ and $. */
  readonly caption: string;
  /** Command line that draws the picture again. */
  readonly command: string;
}

/** Several pictures of one kind, side by side. */
export interface Gallery {
  /** Discriminant. */
  readonly kind: "gallery";
  /** Pictures with short labels; plain text. */
  readonly pictures: readonly { readonly picture: Picture; readonly label: string }[];
  /** Common caption; Markdown with LaTeX between $ and $. */
  readonly caption: string;
  /** Command line that draws the pictures again. */
  readonly command: string;
}

/** Rows of text. */
export interface Table {
  /** Discriminant. */
  readonly kind: "table";
  /** Column names (Markdown with LaTeX between $ and $) and alignments. */
  readonly columns: readonly { readonly name: string; readonly align: "left" | "right" }[];
  /** [rows][columns]; Markdown with LaTeX between $ and $. */
  readonly rows: readonly (readonly string[])[];
}

/** Collapsible details: folded on screen, unfolded in print. */
export interface Details {
  /** Discriminant. */
  readonly kind: "details";
  /** Summary line; plain text. */
  readonly summary: string;
  /** Content. */
  readonly blocks: readonly Block[];
}

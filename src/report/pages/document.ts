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
  /** Whether the section is folded on screen, open to a click; in print it is unfolded. */
  readonly folded?: boolean;
  /** Blocks below the heading. */
  readonly blocks: readonly Block[];
  /** Subsections, below the blocks. */
  readonly sections: readonly Section[];
}

/** A piece of a section. */
export type Block = Prose | Notice | Figure | Gallery | Table | Commands | Details;

/** Text. */
export interface Prose {
  /** Discriminant. */
  readonly kind: "prose";
  /** Markdown with inline LaTeX ($) and display LaTeX ($$); its headings become level 4 and deeper. */
  readonly markdown: string;
}

/** Something that went wrong, or that a reader must know. */
export interface Notice {
  /** Discriminant. */
  readonly kind: "notice";
  /** Markdown with LaTeX between $ and $. */
  readonly markdown: string;
}

/** A picture. */
export type Picture = Chart | Raster;

/** A chart that is drawn for the width at which it is shown, with colours for light and dark pages. */
export interface Chart {
  /** Discriminant. */
  readonly format: "svg";
  /** An SVG file for a wide page. */
  readonly bytes: Uint8Array;
  /** An SVG file of the same for a phone. */
  readonly narrow: Uint8Array;
  /** Alternative text; plain text. */
  readonly alt: string;
}

/** A picture of pixels. */
export interface Raster {
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
  /** Command line that draws the picture again; null if only the whole report does. */
  readonly command: string | null;
}

/** Several pictures of one kind, side by side. */
export interface Gallery {
  /** Discriminant. */
  readonly kind: "gallery";
  /** Pictures with short labels; plain text. */
  readonly pictures: readonly { readonly picture: Raster; readonly label: string }[];
  /** Whether the pictures need half a page's width, or all of a phone's; default no. */
  readonly large?: boolean;
  /** Common caption; Markdown with LaTeX between $ and $. */
  readonly caption: string;
  /** Command line that draws the pictures again; null if only the whole report does. */
  readonly command: string | null;
}

/** Rows of text. */
export interface Table {
  /** Discriminant. */
  readonly kind: "table";
  /** Column names (Markdown with LaTeX between $ and $) and alignments. */
  readonly columns: readonly { readonly name: string; readonly align: "left" | "right" }[];
  /** [rows][columns]; Markdown with LaTeX between $ and $; "" for none. */
  readonly rows: readonly (readonly string[])[];
  /** What the table shows, for screen readers; plain text. */
  readonly label?: string;
  /** `records`: the first column names the rows, each of which becomes a list on a phone. */
  readonly look?: "records";
}

/** Command lines to copy. */
export interface Commands {
  /** Discriminant. */
  readonly kind: "commands";
  /** In the order of the reader's interest. */
  readonly items: readonly {
    /** What the command does; Markdown. */
    readonly words: string;
    /** The line, quoted for a shell. */
    readonly command: string;
  }[];
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

import { quoted } from "../../core/quoted.ts";
import type { ColumnKind } from "./kinds/column_kind.ts";

/** A column of a file that is left out. */
export interface DroppedColumn {
  /** Position in the file, from 1. */
  readonly number: number;
  /** Name in the file's header line; null without one. */
  readonly name: string | null;
}

/** A column of a table that belongs to its points, and what it is. */
export type TableColumn = DroppedColumn & ColumnKind;

/** A column as people give it: its name, or its number in the file from 1. */
export type ColumnArgument = string | number;

/** Which columns of a file are coordinates. */
export type ColumnChoice =
  | {
    /**
     * Those of `columns`, in their order; without it all that `drop` does not leave out, except a
     * first column that only counts the rows. At most one of the two.
     */
    readonly kind: "select";
    /**
     * Names from the header line, or numbers from 1. A text is first looked up as a name, then as a
     * number, then as several of them separated by commas, quoted as in CSV.
     */
    readonly columns?: readonly ColumnArgument[];
    /** As `columns`. */
    readonly drop?: readonly ColumnArgument[];
    /** Positive columns whose logarithms are learnt, given as `columns`. */
    readonly log?: readonly ColumnArgument[];
    /** Columns of values on a grid that are dequantised, given as `columns`. */
    readonly dequantize?: readonly ColumnArgument[];
    /** Columns of categories, given as `columns`. */
    readonly categorical?: readonly ColumnArgument[];
    /** What all kept columns are, in their order, in place of these three. */
    readonly kinds?: readonly ColumnKind[];
  }
  | {
    /**
     * Those that a run was trained on: by name, in any order, where both have names; else by
     * position.
     */
    readonly kind: "ofRun";
    /** The run's columns; null if it knows none. */
    readonly columns: readonly TableColumn[] | null;
    /** Columns that the run dropped from its file. */
    readonly dropped: readonly DroppedColumn[];
    /** Dimension of its points. */
    readonly dims: number;
    /** What has these columns, for messages: there may be no run yet. Default `run`. */
    readonly owner?: "run" | "trainingData";
  };

/** What the columns of a file are matched with. */
export type ColumnOwner = NonNullable<Extract<ColumnChoice, { readonly kind: "ofRun" }>["owner"]>;

/** A file's columns: their names, or null without a header line, and their number. */
export interface FileColumns {
  readonly names: readonly string[] | null;
  readonly count: number;
}

/** The name of a column, null if it has none. */
export function nameOf({ names }: FileColumns, index: number): string | null {
  return names?.[index] || null;
}

/** All columns of a file. */
export function allColumns(file: FileColumns): readonly DroppedColumn[] {
  return Array.from(
    { length: file.count },
    (_, index) => ({ number: index + 1, name: nameOf(file, index) }),
  );
}

/** A column for people: its name in quotes, else its number. */
export function columnWords({ name, number }: DroppedColumn): string {
  return name === null ? `column ${number}` : `column ${quoted(name, 40)}`;
}

/** Columns shown in a list before it is cut. */
const SHOWN = 20;

/** Names of columns, or their numbers, for people. */
export function columnList(columns: readonly DroppedColumn[], shown: number = SHOWN): string {
  const words = columns.slice(0, shown).map(({ name, number }) =>
    name === null ? String(number) : quoted(name, 40)
  );
  return words.join(", ") + (columns.length > shown ? ` and ${columns.length - shown} more` : "");
}

/**
 * A column as the options `columns`, `drop` and others accept it: its name if that is unique and
 * easy to type in a shell, else its number.
 *
 * @param all All columns of the file.
 */
export function columnArgument(
  { name, number }: DroppedColumn,
  all: readonly DroppedColumn[],
): ColumnArgument {
  if (name === null || all.filter((other) => other.name === name).length > 1) return number;
  return /^[\w.\-()/ ]{1,60}$/.test(name) ? name : number;
}

/** Picks columns of rows [n * count], in the order of `kept` (indices from 0). */
export function pickColumns(
  rows: Float64Array,
  { count, kept }: { readonly count: number; readonly kept: readonly number[] },
): Float64Array {
  if (kept.length === count && kept.every((column, i) => column === i)) return rows;
  const out = new Float64Array(rows.length / count * kept.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = rows[Math.floor(i / kept.length) * count + kept[i % kept.length]!]!;
  }
  return out;
}

import { InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";
import type { ColumnKind } from "./column_kind.ts";
import { option } from "../../core/options/spelling.ts";

/** A column of a file that is left out. */
export interface DroppedColumn {
  /** Position in the file, from 1. */
  readonly number: number;
  /** Name in the file's header line; null without one. */
  readonly name: string | null;
}

/** A column of a table that belongs to its points, and what it is. */
export type TableColumn = DroppedColumn & ColumnKind;

/** Which columns of a file are coordinates. */
export type ColumnChoice =
  | {
    /** All except the listed ones. */
    readonly kind: "drop";
    /** Names from the header line, or numbers from 1; a text is first looked up as a name. */
    readonly drop: readonly (string | number)[];
  }
  | {
    /** Those that a run was trained on; other files may already lack the columns that it dropped. */
    readonly kind: "ofRun";
    /** The run's columns; null if it knows none. */
    readonly columns: readonly TableColumn[] | null;
    /** Columns that the run dropped from its file. */
    readonly dropped: readonly DroppedColumn[];
    /** Dimension of its points. */
    readonly dims: number;
  };

/** A file's columns: their names, or null without a header line, and their number. */
export interface FileColumns {
  readonly names: readonly string[] | null;
  readonly count: number;
}

/**
 * The columns of a file to leave out, in file order.
 *
 * For `ofRun`, dropped columns are found by name. If a name is missing and the file has as many
 * columns as the run's file, they are found by position; otherwise the file is assumed not to
 * contain them. The caller checks whether the remaining columns fit the run.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If a listed column does not exist or is ambiguous, or all are listed.
 */
export function droppedColumns(
  file: FileColumns,
  choice: ColumnChoice,
  place: string,
): readonly DroppedColumn[] {
  const indices = choice.kind === "drop"
    ? choice.drop.map((wanted) => indexOf(file, wanted, place))
    : ofRun(file, choice);
  const rising = [...new Set(indices)].sort((a, b) => a - b);
  if (choice.kind === "drop" && rising.length === file.count) {
    throw new InputError(
      `${place}: ${option("drop")} leaves no column of ${file.count}; leave it out`,
    );
  }
  return rising.map((index) => ({ number: index + 1, name: file.names?.[index] ?? null }));
}

function indexOf({ names, count }: FileColumns, wanted: string | number, place: string): number {
  const text = String(wanted);
  const at = names?.indexOf(text) ?? -1;
  if (at >= 0 && typeof wanted === "string") {
    if (names!.lastIndexOf(text) !== at) {
      throw new InputError(
        `${place}: ${option("drop", wanted)}: two columns have this name; give the number, from 1`,
      );
    }
    return at;
  }
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  if (number >= 1 && number <= count) return number - 1;
  const shown = names?.slice(0, 20).map((name) => quoted(name, 40)).join(", ");
  throw new InputError(
    `${place}: ${option("drop", wanted)}: no such column; it has ${count}` +
      (shown === undefined
        ? " without names: give a number from 1"
        : `, named ${shown}${count > 20 ? " ..." : ""}`),
  );
}

function ofRun(
  { names, count }: FileColumns,
  { dropped, dims }: Extract<ColumnChoice, { readonly kind: "ofRun" }>,
): number[] {
  const byName = dropped.map(({ name }) => name === null ? -1 : names?.indexOf(name) ?? -1);
  const found = byName.filter((index) => index >= 0);
  if (count - found.length === dims || count !== dims + dropped.length) return found;
  return dropped.map(({ number }, i) => byName[i]! >= 0 ? byName[i]! : number - 1);
}

/**
 * The value of `drop` for a column: its name if that is unique and easy to type in a shell, else
 * its number.
 *
 * @param all All columns of the file.
 */
export function dropArgument(
  { name, number }: DroppedColumn,
  all: readonly DroppedColumn[],
): string | number {
  if (!name || all.filter((other) => other.name === name).length > 1) return number;
  return /^[\w.\-()/ ]{1,60}$/.test(name) ? name : number;
}

/** The records of the columns at `indices` (from 0) of a file. */
export function tableColumns(
  names: readonly string[] | null,
  indices: readonly number[],
): readonly TableColumn[] {
  return indices.map((index) => ({
    name: names?.[index] ?? null,
    number: index + 1,
    kind: "real",
  }));
}

/** Removes dropped columns from rows [n * count]. */
export function withoutColumns(
  rows: Float64Array,
  { count, dropped }: { readonly count: number; readonly dropped: readonly DroppedColumn[] },
): Float64Array {
  if (dropped.length === 0) return rows;
  const kept = keptColumns(count, dropped);
  const out = new Float64Array(rows.length / count * kept.length);
  for (let i = 0; i < out.length; i++) {
    out[i] = rows[Math.floor(i / kept.length) * count + kept[i % kept.length]!]!;
  }
  return out;
}

/** Indices of the columns that are kept, ascending. */
export function keptColumns(count: number, dropped: readonly DroppedColumn[]): readonly number[] {
  const gone = new Set(dropped.map(({ number }) => number - 1));
  return Array.from({ length: count }, (_, index) => index).filter((index) => !gone.has(index));
}

import { InputError } from "../../core/errors.ts";
import { quoted } from "../../core/quoted.ts";
import { option } from "../../core/options/spelling.ts";

/** A column of a file that is left out. */
export interface DroppedColumn {
  /** In the file, from 1. */
  readonly number: number;
  /** In the file's first line; null where that has none. */
  readonly name: string | null;
}

/** Which columns of a file are points. */
export type ColumnChoice =
  | {
    /** All but those that somebody names. */
    readonly kind: "drop";
    /** A name of the file's first line, or a number from 1; a name comes first. */
    readonly drop: readonly (string | number)[];
  }
  | {
    /** Those that a run learnt: its file lacked some, others may lack them already. */
    readonly kind: "ofRun";
    /** What the run left out of its file. */
    readonly dropped: readonly DroppedColumn[];
    /** Coordinates of its points. */
    readonly dims: number;
  };

/** A file's columns: their names, where its first line has them, and how many. */
export interface FileColumns {
  readonly names: readonly string[] | null;
  readonly count: number;
}

/**
 * The columns of a file that are left out, in their order.
 *
 * Of a run's, those are taken that the file has by name; a file without such names has them where
 * the run's file had them, if it has as many columns as that, and otherwise not at all. Whether what is left fits
 * the run is for its reader to say.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If somebody names a column that is not there or stands twice, or all of them.
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
 * A column as `drop` takes it: by its name where a shell takes that as it is or in quotes.
 *
 * @param names Of the columns; null where they have none.
 * @param number In the file, from 1; `index + 1` when left out.
 */
export function dropArgument(
  names: readonly string[] | null,
  index: number,
  number: number = index + 1,
): string | number {
  const name = names?.[index];
  if (!name || names!.indexOf(name) !== names!.lastIndexOf(name)) return number;
  return /^[\w.\-()/ ]{1,60}$/.test(name) ? name : number;
}

/** Columns of rows without those that are left out. */
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

/** Indices of the columns that are left, rising. */
export function keptColumns(count: number, dropped: readonly DroppedColumn[]): readonly number[] {
  const gone = new Set(dropped.map(({ number }) => number - 1));
  return Array.from({ length: count }, (_, index) => index).filter((index) => !gone.has(index));
}

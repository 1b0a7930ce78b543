import { InputError } from "../../core/errors.ts";
import type { TableReading } from "../dataset.ts";
import type { ColumnKind } from "./kinds/column_kind.ts";
import { option } from "../../core/options/spelling.ts";
import { isIndexName } from "./index_column.ts";
import {
  allColumns,
  type ColumnArgument,
  type ColumnChoice,
  columnList,
  type ColumnOwner,
  columnWords,
  type DroppedColumn,
  type FileColumns,
  nameOf,
  type TableColumn,
} from "./columns.ts";

/** The columns of a file that are read. */
export interface ChosenColumns {
  /** Indices from 0, in the order of the coordinates. */
  readonly kept: readonly number[];
  /** How they were found. */
  readonly by: TableReading["by"];
}

/**
 * Finds the columns of a choice in a file.
 *
 * For `ofRun`, names count if the run and the file have some: the file may have them in any order,
 * and others beside them. A run without names takes those that samples of it have (`x1`, `x2`, ...).
 * Otherwise positions count: those of the run's file if this one is as wide, else all columns, without
 * a first one that is nameless or named as an index.
 *
 * @param place The file's name, for messages.
 * @throws {InputError} If a column does not exist or is ambiguous, or none is left; by position, if the
 *   file has another number of columns than the run.
 */
export function chooseColumns(
  file: FileColumns,
  choice: ColumnChoice,
  place: string,
): ChosenColumns {
  if (choice.kind === "ofRun") return ofRun(file, choice, place);
  const { columns, drop } = choice;
  if (columns !== undefined) {
    const kept = indicesOf(file, { key: "columns", list: columns, place });
    const seen = new Set<number>();
    const twice = kept.find((index) => seen.size === seen.add(index).size);
    if (twice !== undefined) {
      const words = columnWords(allColumns(file)[twice]!);
      throw new InputError(
        `${place}: ${option("columns", columns)}: ${words} is in it twice; name each once`,
      );
    }
    return { kept, by: "choice" };
  }
  const gone = new Set(indicesOf(file, { key: "drop", list: drop ?? [], place }));
  const kept = allColumns(file).map((_, index) => index).filter((index) => !gone.has(index));
  if (kept.length === 0 && file.count > 0) {
    throw new InputError(
      `${place}: ${option("drop", drop)} leaves no column of ${file.count}; leave it out`,
    );
  }
  return { kept, by: "choice" };
}

/** Columns that an option lists. */
interface ColumnList {
  readonly key: string;
  readonly list: readonly ColumnArgument[];
  readonly place: string;
}

/**
 * Indices of the columns that an option lists, in its order.
 *
 * @throws {InputError} If one does not exist or is ambiguous.
 */
export function indicesOf(file: FileColumns, { key, list, place }: ColumnList): number[] {
  return list.flatMap((wanted) => {
    const whole = indexOf(file, wanted, (fault) => {
      throw new InputError(`${place}: ${option(key, wanted)}: ${fault}`);
    });
    if (whole !== null) return [whole];
    const parts = listParts(String(wanted));
    return parts.map((part) => {
      const fail = (fault: string): never => {
        const which = parts.length > 1 ? `${option(key, wanted)}: ${part}` : option(key, wanted);
        throw new InputError(`${place}: ${which}: ${fault}`);
      };
      return indexOf(file, part, fail) ?? fail(noSuchColumn(file));
    });
  });
}

/** All names that an option may mean: its texts, and their parts between commas. */
export function namesIn(list: readonly ColumnArgument[]): readonly string[] {
  return list.flatMap((wanted) => [String(wanted), ...listParts(String(wanted))]);
}

/** `a,"b, c"` as a and `b, c`; a quote inside a quoted part is written twice. */
export function listParts(text: string): readonly string[] {
  const parts: string[] = [];
  const part = /\s*(?:"((?:[^"]|"")*)"\s*|([^,]*))(,|$)/y;
  while (part.lastIndex < text.length) {
    const [, quoted, bare = ""] = part.exec(text)!;
    const name = quoted === undefined ? bare.trim() : quoted.replaceAll('""', '"');
    if (name !== "") parts.push(name);
  }
  return parts;
}

function indexOf(
  { names, count }: FileColumns,
  wanted: ColumnArgument,
  fail: (fault: string) => never,
): number | null {
  const text = String(wanted);
  const at = typeof wanted === "string" ? names?.indexOf(text) ?? -1 : -1;
  if (at >= 0) {
    if (names!.lastIndexOf(text) === at) return at;
    return fail("two columns have this name; give the number, from 1");
  }
  const number = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
  return number >= 1 && number <= count ? number - 1 : null;
}

function noSuchColumn(file: FileColumns): string {
  return `no such column; it has ${file.count}` +
    (file.names === null
      ? " without names: give a number from 1"
      : `, named ${columnList(allColumns(file))}`);
}

type OfRun = Extract<ColumnChoice, { readonly kind: "ofRun" }>;

function ofRun(file: FileColumns, run: OfRun, place: string): ChosenColumns {
  const all = allColumns(file).map((_, index) => index);
  const { columns, dropped, dims } = run;
  const hasNames = file.names?.some((name) => name !== "") ?? false;
  if (columns !== null && hasNames && columns.every(({ name }) => name !== null)) {
    return { kept: byName(file, columns, { place, owner: run.owner }), by: "name" };
  }
  const places = hasNames ? firstPlaces(file.names!) : new Map<string, number>();
  const sampled = new Set(sampleNames(columns, dims).map((name) => places.get(name)));
  if (sampled.size === dims && !sampled.has(undefined)) {
    return { kept: [...sampled] as number[], by: "name" };
  }
  const by = hasNames ? "unnamedRun" : "unnamedFile";
  if (file.count === dims) return { kept: all, by };
  // As wide as the run's own file, or as samples with their log-likelihood.
  if (columns !== null && file.count === dims + dropped.length) {
    return { kept: columns.map(({ number }) => number - 1), by };
  }
  if (columns === null && dropped.length > 0) {
    const gone = droppedByName(file, run);
    if (gone !== null) {
      return { kept: all.filter((index) => !gone.includes(index)), by };
    }
  }
  if (file.count === dims + 1 && file.names?.[dims] === LOG_PROB_NAME) {
    return { kept: all.slice(0, dims), by };
  }
  if (file.count === dims + 1 && hasNames && isIndexName(file.names![0]!)) {
    return { kept: all.slice(1), by };
  }
  throw otherCount(file, run, place);
}

/** The error for a file that has another number of columns than the run, which are found by position. */
function otherCount(
  file: FileColumns,
  { columns, dims, owner = "run" }: OfRun,
  place: string,
): InputError {
  const names = columns?.every(({ name }) => name !== null) ? columnList(columns) : null;
  const has = file.names?.some((name) => name !== "")
    ? ` (${columnList(allColumns(file))})`
    : " without names";
  const many = (count: number) => `${count} ${count === 1 ? "column" : "columns"}`;
  return new InputError(
    `${place}: has ${many(file.count)}${has}, the ${
      owner === "run" ? "run" : "training data"
    } ${dims}${
      names === null ? " without names" : ` (${names})`
    }; write those ${dims} alone, in this order` +
      (names === null ? "" : ", or begin the file with a line of their names"),
  );
}

/** Columns of a run from before it stored the ones that it kept; null if the file is of another width. */
function droppedByName({ names, count }: FileColumns, { dropped, dims }: OfRun): number[] | null {
  const byName = dropped.map(({ name }) => name === null ? -1 : names?.indexOf(name) ?? -1);
  const found = byName.filter((index) => index >= 0);
  if (count - found.length === dims) return found;
  if (count !== dims + dropped.length) return null;
  return dropped.map(({ number }, i) => byName[i]! >= 0 ? byName[i]! : number - 1);
}

/** @throws {InputError} If a column is missing, or two have its name. */
function byName(
  file: FileColumns,
  columns: readonly TableColumn[],
  { place, owner = "run" }: { readonly place: string; readonly owner: ColumnOwner | undefined },
): number[] {
  // The run's own file, whose names may not be unique.
  if (columns.every(({ name, number }) => nameOf(file, number - 1) === name)) {
    return columns.map(({ number }) => number - 1);
  }
  const names = file.names!;
  const places = firstPlaces(names);
  const missing = columns.filter(({ name }) => !places.has(name!));
  if (missing.length > 0) {
    const [are, them] = missing.length === 1 ? ["is", "it"] : ["are", "them"];
    throw new InputError(
      `${place}: ${missing.length === 1 ? "column" : "columns"} ${columnList(missing)} ${are} ` +
        `missing; ${owner === "run" ? "the run was trained on" : "the training data have"} ` +
        `${columnList(columns)}, the file has ` +
        `${columnList(allColumns(file))}: add ${them}`,
    );
  }
  const wanted = new Set(columns.map(({ name }) => name));
  const index = names.findIndex((name, i) => wanted.has(name) && places.get(name) !== i);
  const twice = columns.find(({ name }) => name === names[index]);
  if (twice !== undefined) {
    throw new InputError(
      `${place}: two columns are named ${columnList([twice])}, one of ` +
        `${owner === "run" ? "the run's" : "those of the training data"}; rename one`,
    );
  }
  return columns.map(({ name }) => places.get(name!)!);
}

/** The first index of each name. */
function firstPlaces(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, index) => [name, index] as const).reverse());
}

/** Name of the log-likelihood in files of samples. */
const LOG_PROB_NAME = "logProb";

/** Names of the columns of samples: those of the run, `x1`, `x2`, ... for those without one. */
export function sampleNames(columns: readonly TableColumn[] | null, dims: number): string[] {
  return Array.from({ length: dims }, (_, i) => columns?.[i]?.name ?? `x${i + 1}`);
}

/** The name of the log-likelihood beside these names. */
export function logProbName(names: readonly string[]): string {
  for (let i = 0;; i++) {
    const name = i === 0 ? LOG_PROB_NAME : `${LOG_PROB_NAME}.${i}`;
    if (!names.includes(name)) return name;
  }
}

/** Columns of a file that are not kept. */
export function leftOut(file: FileColumns, kept: readonly number[]): readonly DroppedColumn[] {
  const isKept = new Set(kept);
  return allColumns(file).filter((_, index) => !isKept.has(index));
}

/**
 * The records of kept columns: those of a run, with their numbers in this file, or new ones.
 *
 * @param choice What they were found by.
 */
export function tableColumns(
  file: FileColumns,
  { kept, kinds }: { readonly kept: readonly number[]; readonly kinds: readonly ColumnKind[] },
  choice: ColumnChoice,
): readonly TableColumn[] {
  const ofRun = choice.kind === "ofRun" && choice.columns?.length === kept.length
    ? choice.columns
    : null;
  return kept.map((index, i) => ({
    name: ofRun === null ? nameOf(file, index) : ofRun[i]!.name,
    number: index + 1,
    ...kinds[i]!,
  }));
}

import { InputError } from "../../core/errors.ts";
import { named, quoted } from "../../core/quoted.ts";
import { option } from "../../core/options/spelling.ts";
import type { PointRows } from "../dataset.ts";
import { fieldFaults, type FieldKind, fieldKind, isMissing } from "../formats/field_kind.ts";
import { chooseColumns, leftOut, namesIn, tableColumns } from "./column_choice.ts";
import {
  allColumns,
  type ColumnArgument,
  columnArgument,
  type ColumnChoice,
  type FileColumns,
  pickColumns,
} from "./columns.ts";
import { ColumnKinds, kindArguments } from "./kinds/column_kinds.ts";
import { mayBeIndex, RowCounter } from "./index_column.ts";
import { MissingValues } from "./missing_values.ts";
import { isRoundedField, RoundedIntegers } from "./rounded_integers.ts";

/** Maximum numbers per file: 512 MiB of float64. */
const MAX_NUMBERS = 2 ** 26;

/** Lengths of the first and the largest buffer block while reading. */
const FIRST_BLOCK = 2 ** 10;
const LARGEST_BLOCK = 2 ** 20;

/** Kinds of fields that make a column one of words. */
const wordKinds: readonly FieldKind[] = ["text", "truthValue", "dateOrTime"];

/** What of a table is read. */
export interface TableOptions {
  /** Which columns are coordinates; default all but one that counts rows. */
  readonly columns?: ColumnChoice | undefined;
  /** Leave out rows with missing values in these columns, instead of refusing them. */
  readonly dropMissing?: boolean | undefined;
}

/** Fields of a row, and its line in the file, from 1. */
export interface TextRow {
  readonly fields: readonly string[];
  readonly lineNumber: number;
}

/**
 * Collects the rows of a text table: chooses its columns, parses their fields, refuses what is no
 * number. Formats (CSV) find the lines, the fields and the names.
 */
export class TableBuilder {
  readonly #place: string;
  readonly #choice: ColumnChoice;
  readonly #dropMissing: boolean;
  readonly #full: Float64Array[] = [];
  #block = new Float64Array(FIRST_BLOCK);
  #used = 0;
  #file: FileColumns = { names: null, count: 0 };
  #kept: readonly number[] = [];
  #by: PointRows["reading"]["by"] = "choice";
  #counter: RowCounter | null = null;
  #kinds: ColumnKinds | null = null;
  #missing: MissingValues | null = null;
  readonly #rounded = new RoundedIntegers();
  /** Rows of the file, and those among them that are kept. */
  #rows = 0;
  #count = 0;
  #row = new Float64Array(0);

  /** @param place The file's name, for messages. */
  constructor(place: string, { columns = { kind: "select" }, dropMissing = false }: TableOptions) {
    this.#place = place;
    this.#choice = columns;
    this.#dropMissing = dropMissing;
  }

  /** Whether the choice of columns names this one: a field that is a name then is no number. */
  asksFor(name: string): boolean {
    const choice = this.#choice;
    return choice.kind === "select"
      ? namesIn([...choice.columns ?? [], ...choice.drop ?? [], ...kindArguments(choice)])
        .includes(name)
      : [...choice.columns ?? [], ...choice.dropped].some((column) => column.name === name);
  }

  /** Whether these fields have the names of all of a run's columns, whatever they look like. */
  hasNamesOfRun(fields: readonly string[]): boolean {
    const choice = this.#choice;
    return choice.kind === "ofRun" && choice.columns !== null &&
      choice.columns.every(({ name }) => name !== null && fields.includes(name));
  }

  /**
   * Decides which columns are kept. Called once, before the first row.
   *
   * @param names Names of the columns; null for a file without a line of names.
   * @param count Fields per line.
   * @throws {InputError} If the columns asked for are not those of the file.
   */
  begin(names: readonly string[] | null, count: number): void {
    this.#file = { names, count };
    const { kept, by } = chooseColumns(this.#file, this.#choice, this.#place);
    this.#kept = kept;
    this.#by = by;
    this.#row = new Float64Array(kept.length);
    this.#kinds = new ColumnKinds(this.#place, { file: this.#file, kept }, this.#choice);
    const chosen = { kept, choice: this.#choice, isAsked: this.#kinds.isAsked(0) };
    if (mayBeIndex(this.#file, chosen)) this.#counter = new RowCounter();
    this.#missing = new MissingValues(this.#place, {
      file: this.#file,
      isOffered: this.#choice.kind === "select",
      row: "line",
    });
  }

  /**
   * Adds a row.
   *
   * @throws {InputError} If it has another number of fields, or a kept one is not a finite float32.
   */
  add(fields: readonly string[], lineNumber: number): void {
    const at = `${this.#place}, line ${lineNumber}`;
    const { count } = this.#file;
    if (fields.length !== count) {
      throw new InputError(
        `${at}: expected ${count} ${count === 1 ? "number" : "numbers"}, ` +
          `found ${fields.length}; every line needs as many as the first`,
      );
    }
    if ((this.#count + 1) * this.#kept.length > MAX_NUMBERS) {
      throw new InputError(
        `${at}: more than ${MAX_NUMBERS} numbers, the limit for CSV; save the ` +
          "points as NPY (numpy.save), or take fewer",
      );
    }
    this.#rows++;
    let isWhole = true;
    for (let i = 0; i < this.#kept.length; i++) {
      const value = this.#value(fields[this.#kept[i]!]!, lineNumber, i);
      this.#row[i] = value;
      if (i === 0) this.#counter?.add(value);
      isWhole &&= !Number.isNaN(value);
    }
    if (isWhole) this.#keepRow();
  }

  #keepRow(): void {
    for (const value of this.#row) {
      if (this.#used === this.#block.length) {
        this.#full.push(this.#block);
        this.#block = new Float64Array(Math.min(2 * this.#block.length, LARGEST_BLOCK));
        this.#used = 0;
      }
      this.#block[this.#used++] = value;
    }
    this.#count++;
  }

  /**
   * Refuses columns of words, all of them in one error.
   *
   * @param rows The first rows, as {@link add} takes them.
   * @param firstLine What the file's first line was taken for by its looks; null: the user said.
   * @throws {InputError} If a kept column has words in most of these rows.
   */
  requireNumbers(rows: readonly TextRow[], firstLine: "names" | "row" | null): void {
    if (this.#choice.kind !== "select") return;
    const words = this.#kept.flatMap((column, i) => {
      if (this.#kinds!.isCategorical(i)) return [];
      const given = rows.filter(({ fields }) => !isMissing(fields[column] ?? ""));
      const first = given.find(({ fields }) => isWord(fields[column]!));
      const count = given.filter(({ fields }) => isWord(fields[column]!)).length;
      return first !== undefined && 2 * count > given.length ? [{ column, row: first }] : [];
    });
    if (words.length === 0) return;
    const { column, row } = words[0]!;
    const [drops, categorical] = ["drop", "categorical"].map((key) =>
      words.slice(0, 20).map(({ column }) => option(key, this.#dropArgument(column)))
    ) as [string[], string[]];
    const names = firstLine === "row"
      ? `, or give ${option("header", "yes")} if the first line is names`
      : "";
    if (words.length === 1) {
      const kind = wordKind(row.fields[column]!);
      const { what, remedy } = fieldFaults[kind];
      throw new InputError(
        `${this.#at(row.lineNumber, column)}: ${quoted(row.fields[column]!, 40)} ${what}; ` +
          `${kind === "text" ? "" : `${remedy}, or `}learn its categories with ` +
          `${categorical[0]}, or leave the column out with ` +
          `${drops[0]}${names}`,
      );
    }
    const listed = words.slice(0, 20).map(({ column, row }) =>
      `${quoted(this.#file.names?.[column] || `column ${column + 1}`, 40)} (${
        quoted(row.fields[column]!, 20)
      })`
    );
    throw new InputError(
      `${this.#place}, line ${row.lineNumber}: ${words.length} columns hold no numbers: ` +
        `${listed.join(", ")}${words.length > 20 ? " ..." : ""}; learn their categories with ` +
        `${categorical.join(" ")}, or leave them out with ${drops.join(" ")}${names}`,
    );
  }

  #at(lineNumber: number, column: number): string {
    const name = this.#file.names?.[column];
    return `${this.#place}, line ${lineNumber}, column ${column + 1}` +
      (name ? ` (${quoted(name, 40)})` : "");
  }

  /**
   * A field's value in the data's units; NaN if it is missing.
   *
   * @param i Position among the kept columns.
   */
  #value(field: string, lineNumber: number, i: number): number {
    const column = this.#kept[i]!, at = `line ${lineNumber}`;
    if (!this.#kinds!.isCategorical(i)) {
      const value = this.#number(field, lineNumber, column);
      if (!Number.isNaN(value)) this.#kinds!.check(i, value, at);
      return value;
    }
    if (!isMissing(field) || this.#kinds!.isCategoryOfRun(i, field)) {
      return this.#kinds!.category(i, field, at);
    }
    this.#missing!.add(column, lineNumber, field);
    return NaN;
  }

  /** A field's number; NaN if it is missing. */
  #number(field: string, lineNumber: number, column: number): number {
    const kind = fieldKind(field);
    if (kind === "number") {
      const value = Number(field);
      if (Number.isFinite(Math.fround(value))) {
        if (isRoundedField(field, value)) {
          this.#rounded.add(column, BigInt(field), `line ${lineNumber}`);
        }
        return value;
      }
      throw new InputError(
        `${this.#at(lineNumber, column)}: ${named(field, 40)} is beyond float32's range of ` +
          "3.4e38; rescale the data",
      );
    }
    if (kind === "missing") {
      this.#missing!.add(column, lineNumber, field);
      return NaN;
    }
    const { what, remedy } = fieldFaults[kind];
    const drop = this.#choice.kind === "select" && wordKinds.includes(kind)
      ? `${kind === "text" ? "correct it" : remedy}, or leave the column out with ${
        option("drop", this.#dropArgument(column))
      }`
      : remedy;
    throw new InputError(
      `${this.#at(lineNumber, column)}: ${
        kind === "notFinite" ? field : quoted(field, 40)
      } ${what}; ${drop}`,
    );
  }

  #dropArgument(column: number): ColumnArgument {
    const all = allColumns(this.#file);
    return columnArgument(all[column]!, all);
  }

  /**
   * All rows that were added.
   *
   * @throws {InputError} If there are none, or some have missing values and are not left out.
   */
  rows(): Omit<PointRows, "firstLine"> {
    if (!this.#dropMissing) this.#missing?.throwIfAny();
    const width = this.#kept.length, count = this.#count;
    if (count === 0) {
      throw new InputError(
        this.#rows > 0
          ? `${this.#place}: each of its ${this.#rows} rows has a missing value`
          : `${this.#place}: contains no points; write one line of comma-separated numbers per point`,
      );
    }
    const all = new Float64Array(count * width);
    let offset = 0;
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      all.set(block, offset);
      offset += block.length;
    }
    const kinds = this.#kinds!.finish(all);
    const index = this.#counter?.isCounting ? allColumns(this.#file)[0]! : null;
    const kept = index === null ? this.#kept : this.#kept.slice(1);
    const points = index === null
      ? all
      : pickColumns(all, { count: width, kept: kept.map((_, i) => i + 1) });
    return {
      points,
      columns: tableColumns(
        this.#file,
        { kept, kinds: index === null ? kinds : kinds.slice(1) },
        this.#choice,
      ),
      dropped: leftOut(this.#file, kept),
      count,
      dims: kept.length,
      reading: {
        rows: this.#rows,
        by: this.#by,
        index,
        rounded: this.#rounded.of(this.#file, kept),
      },
    };
  }
}

function isWord(field: string): boolean {
  return wordKinds.includes(fieldKind(field));
}

function wordKind(field: string) {
  const kind = fieldKind(field);
  return kind === "number" ? "text" : kind;
}

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
  columnList,
  type FileColumns,
  pickColumns,
} from "./columns.ts";
import { ColumnKinds, kindArguments } from "./kinds/column_kinds.ts";
import { indexCandidates, IndexCounter } from "./index_column.ts";
import { MissingValues } from "./missing_values.ts";
import { isRoundedField, RoundedIntegers } from "./rounded_integers.ts";

/** Maximum numbers per file: 512 MiB of float64. */
const MAX_NUMBERS = 2 ** 26;

/** Lengths of the first and the largest buffer block while reading. */
const FIRST_BLOCK = 2 ** 10;
const LARGEST_BLOCK = 2 ** 20;

/** Kinds of fields that make a column one of words. */
const wordKinds: readonly FieldKind[] = ["text", "truthValue", "dateOrTime", "bound"];

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
  #counter = new IndexCounter(0);
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
    const isAsked = (column: number) => this.#kinds!.isAsked(column);
    const chosen = { kept, choice: this.#choice, isAsked };
    this.#counter = new IndexCounter(indexCandidates(this.#file, chosen));
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
    const line = { fields, lineNumber };
    let isWhole = true;
    for (let i = 0; i < this.#kept.length; i++) {
      const value = this.#value(line, i);
      this.#row[i] = value;
      isWhole &&= !Number.isNaN(value);
    }
    this.#counter.add(this.#row);
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
  #value(row: TextRow, i: number): number {
    const { lineNumber } = row, column = this.#kept[i]!, at = `line ${lineNumber}`;
    const field = row.fields[column]!;
    if (!this.#kinds!.isCategorical(i)) {
      const value = this.#number(row, column);
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
  #number(row: TextRow, column: number): number {
    const { lineNumber } = row, field = row.fields[column]!;
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
    this.#requireNoNames(row);
    const { what, remedy } = fieldFaults[kind];
    const drop = this.#choice.kind === "select" && wordKinds.includes(kind)
      ? `${remedy}, or leave the column out with ${option("drop", this.#dropArgument(column))}`
      : remedy;
    throw new InputError(
      `${this.#at(lineNumber, column)}: ${
        kind === "notFinite" ? field : quoted(field, 40)
      } ${what}; ${drop}`,
    );
  }

  /**
   * Refuses a line of names or units among the rows, as tables with several such lines and files that
   * were joined have: words in two columns or more, and no number.
   *
   * @throws {InputError} If the row is one.
   */
  #requireNoNames({ fields, lineNumber }: TextRow): void {
    const { names } = this.#file;
    const isOfWords = this.#kept.every((column, i) =>
      this.#kinds!.isCategorical(i) || isText(fields[column]!) || isMissing(fields[column]!)
    );
    const words = fields.filter(isText);
    if (names === null || !isOfWords || words.length < 2) return;
    const at = `${this.#place}, line ${lineNumber}`;
    throw new InputError(
      fields.every((field, column) => field === names[column])
        ? `${at}: repeats the names of the columns, as files that were joined do; delete the line`
        : `${at}: holds words (${
          words.slice(0, 4).map((word) => quoted(word, 20)).join(", ")
        }) and no numbers; if it is another line of names, or of units, keep one line of names and ` +
          "delete the others or begin them with #",
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
    const width = this.#kept.length, count = this.#count;
    const size = { rows: this.#rows, width };
    if (!this.#dropMissing) this.#missing?.throwIfAny(size);
    if (count === 0 && this.#rows > 0) {
      this.#missing?.throwIfEmptyColumn(size);
      throw new InputError(`${this.#place}: each of its ${this.#rows} rows has a missing value`);
    }
    if (count === 0) {
      const names = this.#file.names === null
        ? ""
        : `, only the names of columns: ${columnList(allColumns(this.#file))}`;
      throw new InputError(
        `${this.#place}: contains no points${names}; write one line of comma-separated numbers per ` +
          "point",
      );
    }
    const all = new Float64Array(count * width);
    let offset = 0;
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      all.set(block, offset);
      offset += block.length;
    }
    const kinds = this.#kinds!.finish(all);
    const indices = this.#counter.count;
    const index = indices > 0 ? allColumns(this.#file)[0]! : null;
    const kept = this.#kept.slice(indices);
    const points = index === null
      ? all
      : pickColumns(all, { count: width, kept: kept.map((_, i) => i + indices) });
    return {
      points,
      columns: tableColumns(
        this.#file,
        { kept, kinds: kinds.slice(indices) },
        this.#choice,
      ),
      dropped: leftOut(this.#file, kept),
      count,
      dims: kept.length,
      reading: {
        rows: this.#rows,
        by: this.#by,
        index,
        ...(this.#counter.isLikeIndex ? { likeIndex: allColumns(this.#file)[0]! } : {}),
        rounded: this.#rounded.of(this.#file, kept),
      },
    };
  }
}

function isText(field: string): boolean {
  return fieldKind(field) === "text";
}

function isWord(field: string): boolean {
  return wordKinds.includes(fieldKind(field));
}

function wordKind(field: string) {
  const kind = fieldKind(field);
  return kind === "number" ? "text" : kind;
}

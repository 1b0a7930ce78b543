import { InputError } from "../../core/errors.ts";
import { named, quoted } from "../../core/quoted.ts";
import { option } from "../../core/options/spelling.ts";
import type { PointRows } from "../dataset.ts";
import { fieldFaults, type FieldKind, fieldKind, isMissing } from "../formats/field_kind.ts";
import {
  type ColumnChoice,
  dropArgument,
  type DroppedColumn,
  droppedColumns,
  keptColumns,
  tableColumns,
} from "./columns.ts";

/** Maximum numbers per file: 512 MiB of float64. */
const MAX_NUMBERS = 2 ** 26;

/** Lengths of the first and the largest buffer block while reading. */
const FIRST_BLOCK = 2 ** 10;
const LARGEST_BLOCK = 2 ** 20;

/** Kinds of fields that make a column one of words. */
const wordKinds: readonly FieldKind[] = ["text", "truthValue", "dateOrTime"];

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
  readonly #choice: ColumnChoice | null;
  readonly #full: Float64Array[] = [];
  #block = new Float64Array(FIRST_BLOCK);
  #used = 0;
  #names: readonly string[] | null = null;
  /** Fields per line. */
  #fields = 0;
  #dropped: readonly DroppedColumn[] = [];
  #kept: readonly number[] = [];
  #count = 0;

  /**
   * @param place The file's name, for messages.
   * @param choice Which columns are coordinates; null: all.
   */
  constructor(place: string, choice: ColumnChoice | null) {
    this.#place = place;
    this.#choice = choice;
  }

  /** Number of rows so far. */
  get count(): number {
    return this.#count;
  }

  /** Whether the choice of columns names this one: a field that is a name then is no number. */
  asksFor(name: string): boolean {
    const choice = this.#choice;
    const asked = choice?.kind === "drop"
      ? choice.drop
      : [...choice?.columns ?? [], ...choice?.dropped ?? []].map(({ name }) => name);
    return asked.includes(name);
  }

  /**
   * Decides which columns are kept. Called once, before the first row.
   *
   * @param names Names of the columns; null for a file without a line of names.
   * @param count Fields per line.
   * @throws {InputError} If the columns asked for are not those of the file.
   */
  begin(names: readonly string[] | null, count: number): void {
    this.#names = names;
    this.#fields = count;
    if (this.#choice !== null) {
      this.#dropped = droppedColumns({ names, count }, this.#choice, this.#place);
    }
    this.#kept = keptColumns(count, this.#dropped);
  }

  /**
   * Adds a row.
   *
   * @throws {InputError} If it has another number of fields, or a kept one is not a finite float32.
   */
  add(fields: readonly string[], lineNumber: number): void {
    const at = `${this.#place}, line ${lineNumber}`;
    if (fields.length !== this.#fields) {
      throw new InputError(
        `${at}: expected ${this.#fields} ${this.#fields === 1 ? "number" : "numbers"}, ` +
          `found ${fields.length}; every line needs as many as the first`,
      );
    }
    if ((this.#count + 1) * this.#kept.length > MAX_NUMBERS) {
      throw new InputError(
        `${at}: more than ${MAX_NUMBERS} numbers, the limit for CSV; save the ` +
          "points as NPY (numpy.save), or take fewer",
      );
    }
    for (const column of this.#kept) {
      if (this.#used === this.#block.length) {
        this.#full.push(this.#block);
        this.#block = new Float64Array(Math.min(2 * this.#block.length, LARGEST_BLOCK));
        this.#used = 0;
      }
      this.#block[this.#used++] = this.#number(fields[column]!, lineNumber, column);
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
    if (this.#choice?.kind !== "drop") return;
    const words = this.#kept.flatMap((column) => {
      const given = rows.filter(({ fields }) => !isMissing(fields[column] ?? ""));
      const first = given.find(({ fields }) => isWord(fields[column]!));
      const count = given.filter(({ fields }) => isWord(fields[column]!)).length;
      return first !== undefined && 2 * count > given.length ? [{ column, row: first }] : [];
    });
    if (words.length === 0) return;
    const { column, row } = words[0]!;
    const drops = words.slice(0, 20).map(({ column }) =>
      option("drop", this.#dropArgument(column))
    );
    const names = firstLine === "row"
      ? `, or give ${option("header", "yes")} if the first line is names`
      : "";
    if (words.length === 1) {
      const kind = wordKind(row.fields[column]!);
      const { what, remedy } = fieldFaults[kind];
      throw new InputError(
        `${this.#at(row.lineNumber, column)}: ${quoted(row.fields[column]!, 40)} ${what}; ` +
          `${kind === "text" ? "" : `${remedy}, or `}leave the column out with ${drops[0]}${names}`,
      );
    }
    const listed = words.slice(0, 20).map(({ column, row }) =>
      `${quoted(this.#names?.[column] ?? `column ${column + 1}`, 40)} (${
        quoted(row.fields[column]!, 20)
      })`
    );
    throw new InputError(
      `${this.#place}, line ${row.lineNumber}: ${words.length} columns hold no numbers: ` +
        `${listed.join(", ")}${words.length > 20 ? " ..." : ""}; leave them out with ` +
        `${drops.join(" ")}${names}`,
    );
  }

  #at(lineNumber: number, column: number): string {
    const name = this.#names?.[column];
    return `${this.#place}, line ${lineNumber}, column ${column + 1}` +
      (name ? ` (${quoted(name, 40)})` : "");
  }

  #number(field: string, lineNumber: number, column: number): number {
    const kind = fieldKind(field);
    if (kind === "number") {
      const value = Number(field);
      if (Number.isFinite(Math.fround(value))) return value;
      throw new InputError(
        `${this.#at(lineNumber, column)}: ${named(field, 40)} is beyond float32's range of ` +
          "3.4e38; rescale the data",
      );
    }
    const { what, remedy } = fieldFaults[kind];
    const drop = this.#choice?.kind === "drop" && wordKinds.includes(kind)
      ? `${kind === "text" ? "correct it" : remedy}, or leave the column out with ${
        option("drop", this.#dropArgument(column))
      }`
      : remedy;
    throw new InputError(
      `${this.#at(lineNumber, column)}: ${
        field === "" ? "a blank field" : quoted(field, 40)
      } ${what}; ${drop}`,
    );
  }

  #dropArgument(column: number): string | number {
    const all = tableColumns(this.#names, keptColumns(this.#fields, []));
    return dropArgument(all[column]!, all);
  }

  /**
   * All rows that were added.
   *
   * @throws {InputError} If there are none.
   */
  rows(): PointRows {
    const dims = this.#kept.length, count = this.#count;
    if (count === 0) {
      throw new InputError(
        `${this.#place}: contains no points; write one line of comma-separated numbers per point`,
      );
    }
    const points = new Float64Array(count * dims);
    let offset = 0;
    for (const block of [...this.#full, this.#block.subarray(0, this.#used)]) {
      points.set(block, offset);
      offset += block.length;
    }
    const columns = tableColumns(this.#names, this.#kept);
    return { points, columns, dropped: this.#dropped, count, dims, firstLine: null };
  }
}

function isWord(field: string): boolean {
  return wordKinds.includes(fieldKind(field));
}

function wordKind(field: string) {
  const kind = fieldKind(field);
  return kind === "number" ? "text" : kind;
}

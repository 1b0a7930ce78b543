import { InputError } from "../../core/errors.ts";
import { named, quoted } from "../../core/quoted.ts";
import { option } from "../../core/options/spelling.ts";
import type { PointRows } from "../dataset.ts";
import {
  type ColumnChoice,
  dropArgument,
  type DroppedColumn,
  droppedColumns,
  keptColumns,
  tableColumns,
} from "./columns.ts";

// No two parts can match the same digits, so matching takes linear time without backtracking.
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const NOT_FINITE = /^[+-]?(nan|inf|infinity)$/i;

/** Maximum numbers per file: 512 MiB of float64. */
const MAX_NUMBERS = 2 ** 26;

/** Lengths of the first and the largest buffer block while reading. */
const FIRST_BLOCK = 2 ** 10;
const LARGEST_BLOCK = 2 ** 20;

/** Whether a field of a text file is a number. */
export function isNumber(field: string): boolean {
  return NUMBER.test(field);
}

/** Whether a field of a text file is a number, NaN or an infinity. */
export function isNumberOrNotFinite(field: string): boolean {
  return NUMBER.test(field) || NOT_FINITE.test(field);
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
      this.#block[this.#used++] = this.#number(
        fields[column]!,
        `${at}, column ${column + 1}`,
        column,
      );
    }
    this.#count++;
  }

  #number(field: string, at: string, column: number): number {
    if (this.#choice?.kind !== "drop" || isNumberOrNotFinite(field)) return finiteNumber(field, at);
    const name = this.#names?.[column];
    // Suggest dropping by name: dropping by number would read the rest of a header as a point.
    const mayBeName = this.#count === 0 && name === undefined &&
      /^\p{L}[\p{L}\d_.-]{0,59}$/u.test(field);
    const byName = mayBeName
      ? `with ${option("drop", field)} if this is a line of names, else `
      : "";
    throw new InputError(
      `${at}${name ? ` (${quoted(name, 40)})` : ""}: ${quoted(field, 40)} is not a number; ` +
        "separate numbers with commas, or leave the column out " +
        `${byName}with ${option("drop", this.#dropArgument(column))}`,
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
    return { points, columns, dropped: this.#dropped, count, dims };
  }
}

function finiteNumber(field: string, at: string): number {
  if (!NUMBER.test(field)) {
    if (NOT_FINITE.test(field)) {
      throw new InputError(`${at}: ${field} is not finite; leave such points out`);
    }
    throw new InputError(
      `${at}: ${quoted(field, 40)} is not a number; separate numbers with commas`,
    );
  }
  const value = Number(field);
  if (!Number.isFinite(Math.fround(value))) {
    throw new InputError(
      `${at}: ${named(field, 40)} is beyond float32's range of 3.4e38; rescale the data`,
    );
  }
  return value;
}

import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { quoted } from "../../core/quoted.ts";
import { allColumns, columnArgument, columnWords, type FileColumns } from "./columns.ts";

/** Columns shown in a message before it is cut. */
const SHOWN = 12;

/** The table that the values belong to. */
interface Table {
  readonly file: FileColumns;
  /** Whether the reader may leave rows out, so that the option is offered. */
  readonly isOffered: boolean;
  /** What a row is called in messages. */
  readonly row: "line" | "row";
}

/** Rows of a table, and its kept columns. */
interface TableSize {
  readonly rows: number;
  readonly width: number;
}

/** Counts the missing values of a table by column, for one message about all of them. */
export class MissingValues {
  readonly #place: string;
  readonly #table: Table;
  /** By index in the file: how many, and the first. */
  readonly #columns = new Map<
    number,
    { count: number; readonly row: number; readonly field: string }
  >();

  constructor(place: string, table: Table) {
    this.#place = place;
    this.#table = table;
  }

  /**
   * @param column Index in the file.
   * @param row Number of its line or row, from 1.
   * @param field The field as it is written.
   */
  add(column: number, row: number, field: string): void {
    const found = this.#columns.get(column) ?? { count: 0, row, field };
    found.count++;
    this.#columns.set(column, found);
  }

  /**
   * @param size Rows of the table, and its kept columns.
   * @throws {InputError} If all of a column's are missing.
   */
  throwIfEmptyColumn({ rows, width }: TableSize): void {
    const all = allColumns(this.#table.file);
    const empty = [...this.#columns].filter(([, { count }]) => count === rows)
      .map(([column]) => all[column]!);
    if (empty.length === 0 || empty.length === width || rows < 2) return;
    const shown = empty.slice(0, SHOWN);
    const drops = shown.map((column) => option("drop", columnArgument(column, all)));
    const [have, them] = empty.length === 1 ? ["has", "it"] : ["have", "them"];
    throw new InputError(
      `${this.#place}: ${shown.map(columnWords).join(", ")}${
        empty.length > SHOWN ? " ..." : ""
      } ${have} no value in any of the ${rows} rows; ` +
        (this.#table.isOffered ? `leave ${them} out with ${drops.join(" ")}` : `fill ${them} in`),
    );
  }

  /** @throws {InputError} If there are some. */
  throwIfAny(size: TableSize): void {
    if (this.#columns.size === 0) return;
    this.throwIfEmptyColumn(size);
    const { file, isOffered, row: word } = this.#table;
    const all = allColumns(file);
    const found = [...this.#columns].sort(([a], [b]) => a - b);
    const total = found.reduce((sum, [, { count }]) => sum + count, 0);
    const by = isOffered ? ` with ${option("dropMissing", true)}` : "";
    const [[index, { row, field }]] = found as [(typeof found)[number]];
    if (total === 1) {
      const { name, number } = all[index]!;
      throw new InputError(
        `${this.#place}, ${word} ${row}, column ${number}` +
          `${name === null ? "" : ` (${quoted(name, 40)})`}: ` +
          `${field === "" ? "a blank field" : quoted(field)} is a missing value; fill it in, or ` +
          `leave the row out${by}`,
      );
    }
    const words = found.slice(0, SHOWN).map(([column, { count, row }]) =>
      `${count} in ${columnWords(all[column]!)} (${count > 1 ? "first " : ""}${word} ${row})`
    );
    const more = found.length > SHOWN ? ` and in ${found.length - SHOWN} more columns` : "";
    throw new InputError(
      `${this.#place}: ${total} missing values: ${words.join(", ")}${more}; fill them in, or ` +
        `leave their rows out${by}`,
    );
  }
}

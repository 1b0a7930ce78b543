import { InputError } from "../../../core/errors.ts";
import { option } from "../../../core/options/spelling.ts";
import { quoted } from "../../../core/quoted.ts";
import { Categories, type FoundCategory } from "./categories.ts";
import { indicesOf } from "../column_choice.ts";
import { type ColumnKind, MAX_CATEGORIES } from "./column_kind.ts";
import {
  allColumns,
  columnArgument,
  type ColumnChoice,
  type ColumnOwner,
  columnWords,
  type FileColumns,
} from "../columns.ts";
import { gridOf } from "./grid.ts";
import { spreadOf } from "./spread.ts";

/** The options that say what columns are. */
export const kindOptions = ["log", "dequantize", "categorical"] as const;

/** How the values of a kept column are read. */
type Reading =
  | { readonly kind: "asked"; readonly key: (typeof kindOptions)[number] }
  | { readonly kind: "known"; readonly column: ColumnKind };

/** A dequantisation step below this part of the standard deviation is refused. */
const FINEST = 1e-4;

/**
 * What the kept columns of a table are: those that options name, or those of a run. Follows the rows
 * as they are read, since categories and grids are known at the end.
 */
export class ColumnKinds {
  readonly #place: string;
  readonly #file: FileColumns;
  readonly #kept: readonly number[];
  readonly #readings: readonly Reading[];
  readonly #owner: ColumnOwner;
  /** By position among the kept columns. */
  readonly #categories = new Map<number, Categories>();

  /**
   * @param place The file's name, for messages.
   * @param table.kept Indices of the kept columns, from 0.
   * @throws {InputError} If an option names a column that does not exist, is left out or is named by
   *   another one too.
   */
  constructor(
    place: string,
    table: { readonly file: FileColumns; readonly kept: readonly number[] },
    choice: ColumnChoice,
  ) {
    this.#place = place;
    this.#file = table.file;
    this.#kept = table.kept;
    this.#readings = readingsOf(place, table, choice);
    this.#owner = choice.kind === "ofRun" && choice.owner || "run";
    this.#readings.forEach((reading, i) => {
      if (reading.kind === "asked" && reading.key === "categorical") {
        this.#categories.set(i, new Categories());
      } else if (reading.kind === "known" && reading.column.kind === "categorical") {
        this.#categories.set(i, new Categories(reading.column.categories));
      }
    });
  }

  /** Whether a column's fields are categories, which need not be numbers. */
  isCategorical(column: number): boolean {
    return this.#categories.has(column);
  }

  /** Whether a field is a category of the run as it stands, though it may look like a missing value. */
  isCategoryOfRun(column: number, field: string): boolean {
    return this.#categories.get(column)!.isKnown(field);
  }

  /** Whether an option names a column. */
  isAsked(column: number): boolean {
    return this.#readings[column]?.kind === "asked";
  }

  /**
   * The index of a field's category.
   *
   * @param at Line or row, for messages.
   * @throws {InputError} If it is none of a run's, or one too many.
   */
  category(column: number, field: string | number, at: string): number {
    const categories = this.#categories.get(column)!;
    const found = typeof field === "number" ? categories.findNumber(field) : categories.find(field);
    if (found.kind === "index") return found.index;
    throw new InputError(
      `${this.#place}, ${at}, ${this.#words(column)}: ${
        categoryFault(found, { field: String(field), categories, owner: this.#owner })
      }`,
    );
  }

  /**
   * Checks a number as it is read.
   *
   * @throws {InputError} If its logarithm is asked for and it has none.
   */
  check(column: number, value: number, at: string): void {
    const reading = this.#readings[column]!;
    if (reading.kind !== "asked" || reading.key !== "log" || value > 0) return;
    throw new InputError(
      `${this.#place}, ${at}, ${this.#words(column)}: ${value} has no logarithm, and ` +
        `${this.#option("log", column)} asks for it; leave that out`,
    );
  }

  /**
   * The kinds of all kept columns, once all rows are read.
   *
   * @param rows Kept values [n * kept], in which categories get their final indices.
   * @throws {InputError} If a column to be dequantised is on no grid, or a discrete one has only one value.
   */
  finish(rows: Float64Array): readonly ColumnKind[] {
    return this.#readings.map((reading, column): ColumnKind => {
      if (reading.kind === "known") return reading.column;
      switch (reading.key) {
        case "log":
          return { kind: "log" };
        case "dequantize":
          return this.#dequantized(column, columnValues(rows, this.#kept.length, column));
        case "categorical": {
          const { categories, places } = this.#categories.get(column)!.sorted();
          if (categories.length < 2) {
            throw new InputError(
              `${this.#place}: ${this.#words(column)} has one category, ` +
                `${quoted(categories[0] ?? "", 40)}, in all rows; leave it out with ` +
                this.#option("drop", column),
            );
          }
          for (let at = column; at < rows.length; at += this.#kept.length) {
            rows[at] = places[rows[at]!]!;
          }
          return { kind: "categorical", categories };
        }
        default:
          return reading.key satisfies never;
      }
    });
  }

  #dequantized(column: number, values: Float64Array): ColumnKind {
    const [first] = values;
    if (values.every((value) => value === first)) {
      throw new InputError(
        `${this.#place}: ${
          this.#words(column)
        } has one value, ${first}, in all rows; leave it out ` +
          `with ${this.#option("drop", column)}`,
      );
    }
    const at = `${this.#place}: ${this.#words(column)}: ${this.#option("dequantize", column)}`;
    const grid = gridOf(values);
    if (grid === null) {
      const digits = (value: number) => String(value).length;
      const longest = values.reduce((long, value) => digits(value) > digits(long) ? value : long);
      throw new InputError(
        `${at}: its values are on no grid of decimal numbers, such as ${longest}; leave that out, ` +
          "or round them",
      );
    }
    const steps = spreadOf(values).deviation / grid.step;
    if (steps > 1 / FINEST) {
      throw new InputError(
        `${at}: its values are multiples of ${grid.step}, ${Math.round(steps)} of them to a ` +
          "standard deviation: noise of one step changes nothing; leave that out",
      );
    }
    return { kind: "dequantized", ...grid };
  }

  #words(column: number): string {
    return columnWords(allColumns(this.#file)[this.#kept[column]!]!);
  }

  #option(key: string, column: number): string {
    const all = allColumns(this.#file);
    return option(key, columnArgument(all[this.#kept[column]!]!, all));
  }
}

/** Texts by which options name columns. */
export function kindArguments(choice: ColumnChoice): readonly (string | number)[] {
  return choice.kind === "select" ? kindOptions.flatMap((key) => choice[key] ?? []) : [];
}

function readingsOf(
  place: string,
  { file, kept }: { readonly file: FileColumns; readonly kept: readonly number[] },
  choice: ColumnChoice,
): readonly Reading[] {
  const real: Reading = { kind: "known", column: { kind: "real" } };
  if (choice.kind === "ofRun") return kept.map((_, i) => known(choice.columns?.[i]) ?? real);
  const readings: Reading[] = kept.map((_, i) => known(choice.kinds?.[i]) ?? real);
  for (const key of kindOptions) {
    for (const index of indicesOf(file, { key, list: choice[key] ?? [], place })) {
      const column = allColumns(file)[index]!;
      const named = option(key, columnArgument(column, allColumns(file)));
      const at = kept.indexOf(index);
      if (at < 0) {
        throw new InputError(
          `${place}: ${named}: ${columnWords(column)} is left out; do not name it`,
        );
      }
      const other = readings[at]!;
      if (other.kind === "asked" && other.key !== key) {
        throw new InputError(
          `${place}: ${named}: ${columnWords(column)} is named by ${
            option(other.key)
          } too; give one of them`,
        );
      }
      readings[at] = { kind: "asked", key };
    }
  }
  return readings;
}

function known(column: ColumnKind | undefined): Reading | null {
  return column === undefined ? null : { kind: "known", column };
}

function categoryFault(
  found: Exclude<FoundCategory, { readonly kind: "index" }>,
  { field, categories, owner }: {
    readonly field: string;
    readonly categories: Categories;
    readonly owner: ColumnOwner;
  },
): string {
  switch (found.kind) {
    case "unknown": {
      const names = categories.sorted().categories;
      const more = names.length > 8 ? `, ... (${names.length})` : "";
      const whose = owner === "run" ? "the run's categories" : "the training data's categories";
      return `${quoted(field, 40)} is none of ${whose}, ` +
        `${
          names.slice(0, 8).map((name) => quoted(name, 20)).join(", ")
        }${more}; leave such rows out`;
    }
    case "tooMany":
      return `${quoted(field, 40)} is category ${
        MAX_CATEGORIES + 1
      }; at most ${MAX_CATEGORIES} can ` +
        "be learnt: join rare ones, or leave the column out";
    default:
      return found satisfies never;
  }
}

function columnValues(rows: Float64Array, width: number, column: number): Float64Array {
  return Float64Array.from(
    { length: rows.length / width },
    (_, row) => rows[row * width + column]!,
  );
}

import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { quoted } from "../../core/quoted.ts";
import type { PointRows } from "../dataset.ts";
import { TableBuilder, type TableOptions, type TextRow } from "../tables/table_builder.ts";
import { mostCommon, type Separator } from "./csv_dialect.ts";
import { type FirstLine, judgeFirstLine } from "./csv_header.ts";
import { bareField, isNumber } from "./field_kind.ts";

/** Maximum fields per line; in a file with more, a line is hardly a point. */
const MAX_COLUMNS = 2 ** 20;

/** Lines, and fields in all, that are looked at before the first is taken for names or a row. */
const SAMPLE_LINES = 64;
const SAMPLE_FIELDS = 2 ** 16;

/** Stands for the # of an Excel error that begins a line, so that the line is no comment. */
export const HASH_OF_ERROR = "\x1a";

/** Options of {@link CsvTable}. */
export interface CsvTableOptions extends TableOptions {
  /** Whether the first line is names; undefined: see the lines. */
  readonly header: "yes" | "no" | undefined;
  /** What separates the fields. */
  readonly separator: Separator;
}

/** Decides on the first lines what the table is, and passes its rows on. */
export class CsvTable {
  readonly #place: string;
  readonly #options: CsvTableOptions;
  readonly #builder: TableBuilder;
  #sample: TextRow[] = [];
  #sampleFields = 0;
  /** Fields that every line has; null while lines are gathered. */
  #width: number | null = null;
  #firstLine: FirstLine = { kind: "row", because: "numbers" };
  /**
   * Rows of blank fields since the last other one, as runs of lines: spreadsheets write them below a
   * table, some of them a million.
   */
  #blank: { readonly lineNumber: number; readonly width: number; rows: number }[] = [];
  /** Number of the last complete line. */
  #lineNumber = 0;

  constructor(place: string, options: CsvTableOptions) {
    this.#place = place;
    this.#options = options;
    this.#builder = new TableBuilder(place, options);
  }

  /** Adds a line that is neither empty nor a comment. */
  add(raw: readonly string[], lineNumber: number): void {
    this.#lineNumber = lineNumber;
    const given = this.#options.separator === " " ? raw.filter((field) => field !== "") : raw;
    if (given.length === 0 || given.length === 1 && given[0]!.trim() === "") return;
    if (given.length > MAX_COLUMNS) {
      throw new InputError(
        `${this.#place}, line ${lineNumber}: has ${given.length} numbers; the limit is ` +
          `${MAX_COLUMNS} per line`,
      );
    }
    const line = { fields: given.map(spelt), lineNumber };
    if (this.#width !== null) return this.#addRow(line, this.#width);
    this.#sample.push(line);
    this.#sampleFields += line.fields.length;
    const isEnough = this.#sample.length > 1 && this.#sampleFields > SAMPLE_FIELDS;
    if (isEnough || this.#sample.length >= SAMPLE_LINES) this.#begin();
  }

  /** All points that were added. */
  rows(): PointRows {
    if (this.#width === null && this.#sample.length > 0) this.#begin();
    return { ...this.#builder.rows(), firstLine: this.#firstLine };
  }

  /** Decides what the gathered lines are, and adds them. */
  #begin(): void {
    const lines = this.#sample;
    this.#sample = [];
    const [first, ...below] = lines as [TextRow, ...TextRow[]];
    const width = usualWidth(lines);
    const isTitle = first.fields.slice(width).some((field) => field !== "");
    const names = isTitle || first.fields.length < width ? first.fields : cut(first, width).fields;
    const rows = below.map((line) => cut(line, width).fields);
    this.#firstLine = judgeFirstLine(
      names,
      rows.filter((row) => row.length === width),
      { header: this.#header(names), isWanted: (name) => this.#builder.asksFor(name) },
    );
    const isNames = this.#firstLine.kind === "names";
    if (isNames && names.length !== width) {
      throw this.#otherWidth({ ...first, fields: names }, rows, width);
    }
    this.#width = width;
    this.#builder.begin(isNames ? names : null, width);
    const added = isNames ? below : lines;
    this.#builder.requireNumbers(
      added,
      this.#options.header === undefined ? this.#firstLine.kind : null,
    );
    for (const line of added) this.#addRow(line, width);
  }

  /** What is known of the first line before its looks: it is names if it has a run's. */
  #header(first: readonly string[]): "yes" | "no" | undefined {
    return this.#options.header ?? (this.#builder.hasNamesOfRun(first) ? "yes" : undefined);
  }

  #addRow(line: TextRow, width: number): void {
    if (line.fields.length > 1 && line.fields.every((field) => field === "")) {
      return this.#addBlank(line);
    }
    for (const { lineNumber: from, width: count, rows } of this.#blank.splice(0)) {
      const fields = Array.from({ length: count }, () => "");
      for (let lineNumber = from; lineNumber < from + rows; lineNumber++) {
        this.#builder.add(cut({ fields, lineNumber }, width).fields, lineNumber);
      }
    }
    this.#builder.add(cut(line, width).fields, line.lineNumber);
  }

  #addBlank({ fields: { length: width }, lineNumber }: TextRow): void {
    const last = this.#blank.at(-1);
    if (last?.width === width && last.lineNumber + last.rows === lineNumber) last.rows++;
    else this.#blank.push({ lineNumber, width, rows: 1 });
  }

  /** The error for names of another number than the fields of the lines below. */
  #otherWidth(
    { fields: names, lineNumber }: TextRow,
    rows: readonly (readonly string[])[],
    width: number,
  ): InputError {
    const count = names.length, { separator } = this.#options;
    const row = rows.find((fields) => fields.length === width) ?? [];
    const isCommas = separator === "," && count < width && width <= 2 * count &&
      row.some((field, column) => column % 2 === 1 && /^\d+$/.test(field));
    const are = `${count} ${count === 1 ? "field" : "fields"} ` +
      `(${quoted(names.join(separator), 40)}), the lines below have ${width}`;
    const look = isCommas && !isCounting(rows)
      ? `if the commas of ${quoted(row.slice(0, 2).join(","), 40)} are decimal commas, write the ` +
        "file with decimal points"
      : width === count + 1 && (isCounting(rows) || rows.every(([first]) => !isNumber(first!)))
      ? "if the first field of each is a row name, as R's write.table() writes, write the file " +
        "with row.names = FALSE, or give that column a name"
      : count === 1
      ? "if it is a title, delete it or begin it with #"
      : "every line needs as many fields as there are names";
    const noNames = this.#options.header === "yes"
      ? `; it is names by ${option("header", "yes")}`
      : "";
    return new InputError(`${this.#place}, line ${lineNumber}: has ${are}; ${look}${noNames}`);
  }

  /** The error for a line without an end. */
  lineTooLong(mebibytes: number): InputError {
    return new InputError(
      `${this.#place}, line ${
        this.#lineNumber + 1
      }: longer than ${mebibytes} MiB, the limit; end ` +
        "each point's line, and close every quote",
    );
  }

  /** The error for a quote without its other half. */
  quoteNotClosed(): InputError {
    return new InputError(
      `${this.#place}, line ${
        this.#lineNumber + 1
      }: a quote begins here and is not closed before ` +
        'the file ends; write a quote inside a field twice ("")',
    );
  }
}

/** Number of fields of most lines below the first, without trailing ones that are always empty. */
function usualWidth(lines: readonly TextRow[]): number {
  // Of a row and one more, the first sets the width; names may be of another one.
  const isRow = lines[0]!.fields.every(isNumber);
  const below = lines.length > (isRow ? 2 : 1) ? lines.slice(1) : lines;
  let width = mostCommon(below.map(({ fields }) => fields.length));
  const usual = lines.filter(({ fields }, at) =>
    fields.length === width || at === 0 && fields.length > width
  );
  while (width > 1 && usual.every(({ fields }) => fields[width - 1] === "")) width--;
  return width;
}

/** A line without empty fields behind those that every line has. */
function cut(line: TextRow, width: number): TextRow {
  const { fields, lineNumber } = line;
  if (fields.length <= width || fields.slice(width).some((field) => field !== "")) return line;
  return { fields: fields.slice(0, width), lineNumber };
}

/** Whether the first fields count: 1, 2, 3. */
function isCounting(rows: readonly (readonly string[])[]): boolean {
  const start = Number(rows[0]?.[0]);
  return rows.length > 1 &&
    rows.every(([first], i) => isNumber(first!) && Number(first) === start + i);
}

/** A field as it was written, with the # of an error of Excel. */
function spelt(field: string): string {
  const bare = bareField(field);
  return bare.startsWith(HASH_OF_ERROR) ? `#${bare.slice(1)}` : bare;
}

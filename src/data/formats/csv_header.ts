import { fieldKind, isNumber, isValue } from "./field_kind.ts";

/** What the first line of a text table was taken for, and why. */
export type FirstLine =
  | {
    /** Names of the columns: of words, of whole numbers in equal steps, or because it was asked. */
    readonly kind: "names";
    readonly because: "text" | "ladder" | "option";
  }
  | {
    /** A row like the others. */
    readonly kind: "row";
    readonly because: "numbers" | "option";
  };

/** Options of {@link judgeFirstLine}. */
export interface HeaderOptions {
  /** What the user says: the first line is names or not; undefined: see the lines. */
  readonly header: "yes" | "no" | undefined;
  /** Whether the user names a column so. */
  readonly isWanted: (name: string) => boolean;
}

/** Rows that show what is usual in a column. */
const LEAST_ROWS = 3;

/**
 * Whether the first line of a table is names.
 *
 * It is if one of its fields is a word above numbers, or if its fields are words without a number
 * among them; a word above words says nothing (a class in a file without names), unless the numbers
 * beside it do. It also is if its numbers are a ladder, whole and equally spaced (0, 1, 2, or years),
 * and those below it are none.
 *
 * @param first Fields of the first line.
 * @param rows Fields of lines below it, each with as many.
 */
export function judgeFirstLine(
  first: readonly string[],
  rows: readonly (readonly string[])[],
  { header, isWanted }: HeaderOptions,
): FirstLine {
  if (header !== undefined) return { kind: header === "yes" ? "names" : "row", because: "option" };
  const words = first.map((field, column) => ({ field, column }))
    .filter(({ field }) => isWord(field));
  const areValues = (column: number) =>
    rows.length > 0 && isValue(rows.find((row) => row[column] !== "")?.[column] ?? "");
  if (
    words.some(({ field, column }) => isWanted(field) || areValues(column)) ||
    words.length > 0 && !first.some(isNumber) || areDates(first, rows)
  ) return { kind: "names", because: "text" };
  return isLadder(first, rows)
    ? { kind: "names", because: "ladder" }
    : { kind: "row", because: "numbers" };
}

function isWord(field: string): boolean {
  const kind = fieldKind(field);
  return kind === "text" || kind === "truthValue";
}

/** Whether a first line of nothing but dates (and blanks) stands above numbers. */
function areDates(first: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const dates = first.flatMap((field, column) => fieldKind(field) === "dateOrTime" ? [column] : []);
  return dates.length > 0 && rows.length > 0 &&
    first.every((field) => field === "" || fieldKind(field) === "dateOrTime") &&
    dates.every((column) => rows.every((row) => isNumber(row[column]!) || row[column] === ""));
}

/**
 * Whether the numbers of the first line are names: all whole, in equal steps, above rows that are
 * not. What else is in the line is words (above words) or blank.
 */
function isLadder(first: readonly string[], rows: readonly (readonly string[])[]): boolean {
  const at = first.flatMap((field, column) => isWord(field) || field === "" ? [] : [column]);
  const step = ladder(first, at);
  const isYears = areYears(at.map((column) => first[column]!));
  // Years may have gaps, and two numbers are a ladder by chance: then the rows must be far from them.
  if (isYears && (step === null || at.length === 2 && step !== 1)) {
    return rows.length > 0 && at.every((column) => isFar(first[column]!, rows, column));
  }
  if (step === null || rows.length === 0) return false;
  const start = Number(first[at[0]!]);
  if (!isYears && step !== 1) return false;
  // 1, 2 may be a point, but not beside a word.
  const isSure = rows.length >= LEAST_ROWS || first.some(isWord);
  if (!isYears && start !== 0 && (start !== 1 || !isSure)) return false;
  if (rows.length >= LEAST_ROWS && at.some((column) => isEven([first, ...rows], column))) {
    return false;
  }
  const fractions = at.filter((column) => rows.every((row) => !/^[+-]?\d+$/.test(row[column]!)));
  if (fractions.length === at.length) return true;
  if (rows.length < LEAST_ROWS) return false;
  if (fractions.length > 0) return true;
  // Among whole numbers, a row may be a ladder by chance.
  if (rows.some((row) => ladder(row, at) === step)) return false;
  return at.length > 2 || at.some((column) => isOutside(first[column]!, rows, column));
}

/** Whether these fields are two years or more, in their order. */
function areYears(fields: readonly string[]): boolean {
  return fields.length > 1 &&
    fields.every((field, i) =>
      isWhole(field) && Number(field) >= 1000 && Number(field) < 3000 &&
      (i === 0 || Number(field) > Number(fields[i - 1]))
    );
}

/** Whether a number is farther from all others of its column than they are from each other. */
function isFar(field: string, rows: readonly (readonly string[])[], column: number): boolean {
  const values = rows.map((row) => Number(row[column])).filter(Number.isFinite);
  const low = Math.min(...values), high = Math.max(...values), value = Number(field);
  return values.length > 0 && Math.max(low - value, value - high) > high - low;
}

/** Whether a column goes in equal steps from the first line on, as times of a series do. */
function isEven(lines: readonly (readonly string[])[], column: number): boolean {
  const values = lines.map((line) => Number(line[column]));
  const step = values[1]! - values[0]!;
  return step !== 0 &&
    values.every((value, i) => Math.abs(value - values[0]! - i * step) <= 0.01 * Math.abs(step));
}

/** The step between whole numbers of a line at `columns`, 1 for a single 0; null if they are no ladder. */
function ladder(line: readonly string[], columns: readonly number[]): number | null {
  const numbers = columns.map((column) => line[column]!);
  if (numbers.length === 0 || !numbers.every(isWhole)) return null;
  if (numbers.length === 1) return Number(numbers[0]) === 0 ? 1 : null;
  const step = Number(numbers[1]) - Number(numbers[0]);
  const isEven = numbers.every((number, i) => Number(number) === Number(numbers[0]) + i * step);
  return isEven && step > 0 ? step : null;
}

function isWhole(field: string): boolean {
  return /^\d{1,15}$/.test(field);
}

/** Whether a number is below or above all others of its column. */
function isOutside(field: string, rows: readonly (readonly string[])[], column: number): boolean {
  const values = rows.map((row) => Number(row[column]));
  const value = Number(field);
  return values.every((other) => other > value) || values.every((other) => other < value);
}

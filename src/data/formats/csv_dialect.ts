import { isValue } from "./field_kind.ts";

/** What separates the fields of a line; a space stands for any run of spaces and tabs. */
export type Separator = "," | ";" | "\t" | "|" | " ";

/** In the order of preference where two of them split the lines equally well. */
const separators: readonly Separator[] = ["\t", ";", "|", ",", " "];

/** Lines and fields of a line that are looked at. */
const MOST_LINES = 100;
const MOST_FIELDS = 1000;

/** How the lines of a CSV file are split. */
export interface CsvDialect {
  /** Between fields. */
  readonly separator: Separator;
  /** Whether the first line only names the separator, as Excel's `sep=;` does. */
  readonly hasSeparatorLine: boolean;
}

/**
 * Finds the separator of a CSV file: the one that splits most lines below the first into the same
 * number of fields, most of which are values. A comma if nothing separates.
 *
 * @param text The beginning of the file.
 * @param isWhole Whether it is the whole file; otherwise its last line may be cut off.
 */
export function csvDialect(text: string, isWhole: boolean): CsvDialect {
  const named = /^\s*"?sep=([,;\t| ])"?[^\S\r\n]*(?:\r|\n|$)/i.exec(text)?.[1];
  if (named !== undefined) return { separator: named as Separator, hasSeparatorLine: true };
  const all = text.split(/\r\n|\n|\r/, 3 * MOST_LINES);
  const whole = isWhole || all.length < 2 ? all : all.slice(0, -1);
  const lines = whole.filter((line) => line.trim() !== "" && !/^\s*#/.test(line))
    .slice(0, MOST_LINES);
  const below = lines.length > 1 ? lines.slice(1) : lines;
  const scored = separators.map((separator) => ({ separator, ...score(below, separator) }));
  const best = scored.reduce((a, b) => b.values > a.values ? b : a);
  if (best.values > 0) return { separator: best.separator, hasSeparatorLine: false };
  const even = scored.find(({ separator, isEven }) => separator !== " " && isEven);
  return { separator: even?.separator ?? ",", hasSeparatorLine: false };
}

/** The share of fields that are values, over the lines of the most common length above 1. */
function score(lines: readonly string[], separator: Separator) {
  const split = lines.map((line) => splitLine(line, separator));
  const lengths = split.map(({ length }) => length);
  const usual = mostCommon(lengths);
  if (usual < 2) return { values: 0, isEven: false };
  const total = lengths.reduce((sum, length) => sum + length, 0);
  const values = split.filter(({ length }) => length === usual)
    .reduce((sum, fields) => sum + fields.filter(isValue).length, 0);
  return { values: values / total, isEven: lengths.every((length) => length === usual) };
}

/** The most common of some numbers, the first of those that are equally common. */
export function mostCommon(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  const most = Math.max(0, ...counts.values());
  return [...counts].find(([, count]) => count === most)?.[0] ?? 0;
}

/** Splits a line outside of quotes, as far as finding the separator needs it. */
function splitLine(line: string, separator: Separator): readonly string[] {
  const fields: string[] = [];
  let field = "", isQuoted = false;
  const isSeparator = (letter: string) =>
    separator === " " ? letter === " " || letter === "\t" : letter === separator;
  for (const letter of line) {
    if (fields.length >= MOST_FIELDS) break;
    if (letter === '"') isQuoted = !isQuoted;
    else if (!isQuoted && isSeparator(letter)) {
      fields.push(field.trim());
      field = "";
    } else field += letter;
  }
  fields.push(field.trim());
  return separator === " " ? fields.filter((field) => field !== "") : fields;
}

import type { ValueRule } from "@fluxion/fluxion/options";
import { parserOf } from "./parse_value.ts";

/** A value of an option that takes lists. */
export type ListedValue = string | number;

/** Most runs of a sweep, and so most values of a range: a mistyped end must not fill the memory. */
export const MOST_RUNS = 10_000;

const RANGE = /^(\d+)\.\.(\d+)(?:\.\.(\d+))?$/;

/** Whether a list of such values may have ranges. */
export function hasRanges({ kind }: ValueRule): boolean {
  return kind === "whole" || kind === "size" || kind === "rowsOrBatch";
}

/**
 * Creates the parser of a list: values between commas, and ranges `FIRST..LAST` or
 * `FIRST..LAST..STEP` of whole numbers, both ends included.
 *
 * @param rule Of the single values.
 * @param options.isOne Whether a text with commas is one value, such as the name of a file.
 * @returns A function that throws a SyntaxError whose message completes "--lr 1,x: ...".
 */
export function listParserOf(
  rule: ValueRule,
  options: { readonly example?: string; readonly isOne?: (text: string) => boolean } = {},
): (text: string) => readonly ListedValue[] {
  const { example, isOne = () => false } = options;
  const parse = parserOf(rule, example);
  const takesRanges = hasRanges(rule);
  return (text) => {
    const parts = rule.kind === "text" && isOne(text)
      ? [text]
      : rule.kind === "energies"
      ? listedWeights(text)
      : text.split(",");
    const values = parts.flatMap((part) => {
      const range = RANGE.exec(part.trim());
      if (range !== null && !takesRanges && rule.kind !== "text") {
        throw new SyntaxError(`${part}: ranges are of whole numbers; list the values with commas`);
      }
      const texts = range === null || !takesRanges ? [part] : textsOf(range);
      return texts.map((one) => {
        try {
          return parse(one);
        } catch (error) {
          if (one === text || !(error instanceof SyntaxError)) throw error;
          throw new SyntaxError(`${one === "" ? "an empty value" : one}: ${error.message}`);
        }
      });
    });
    const twice = values.find((value, i) => values.indexOf(value) < i);
    if (twice !== undefined) throw new SyntaxError(`${twice} is listed twice; list it once`);
    return values;
  };
}

/** The values of a list of energies' weights: an energy that was already named begins the next one. */
function listedWeights(text: string): string[] {
  const values: string[] = [];
  let named = new Set<string>();
  for (const part of text.split(",")) {
    const name = part.split("=")[0]!.trim();
    const joins = named.size > 0 && !named.has(name) && name !== "none" && !named.has("none");
    if (joins) values.push(`${values.pop()},${part}`);
    else {
      values.push(part);
      named = new Set();
    }
    named.add(name);
  }
  return values;
}

/** The numbers of a range, as text. */
function textsOf([text, first, last, step = "1"]: RegExpExecArray): string[] {
  const [from, to, by] = [Number(first), Number(last), Number(step)];
  if (by === 0) throw new SyntaxError(`${text}: a range has a step of 1 or more`);
  if (to < from) throw new SyntaxError(`${text}: a range goes upwards, from the smaller number`);
  const count = Math.floor((to - from) / by) + 1;
  if (count > MOST_RUNS) {
    throw new SyntaxError(`${text}: ${count} values; a sweep has at most ${MOST_RUNS} runs`);
  }
  return Array.from({ length: count }, (_, i) => String(from + i * by));
}

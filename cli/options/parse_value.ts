import { energyWeights, expectedWords, type ValueRule } from "@fluxion/fluxion/options";
import { suggestion } from "@fluxion/fluxion/core";

/** A parsed option value. */
type Value = string | number;

/**
 * Creates the parser of an option's text.
 *
 * @param example A valid value, for messages.
 * @returns A function that throws a SyntaxError whose message completes "--lr -1: ...".
 */
export function parserOf(rule: ValueRule, example?: string): (text: string) => Value {
  const such = example === undefined ? "" : `, such as ${example}`;
  const number = (isTaken: (value: number) => boolean) => (text: string) => {
    const value = text.trim() === "" ? NaN : Number(text);
    if (!isTaken(value)) throw new SyntaxError(`expected ${expectedWords(rule, value)}${such}`);
    return value;
  };
  switch (rule.kind) {
    case "choice":
      return (text) => {
        if (rule.names.includes(text)) return text;
        throw new SyntaxError(`expected ${expectedWords(rule)}${suggestion(text, rule.names)}`);
      };
    case "text":
      return nonEmpty(rule.expected);
    case "file":
      return (text) => {
        const name = nonEmpty(rule.expected)(text);
        if (rule.orDash && name === "-") return name;
        if (rule.endings.some((ending) => name.toLowerCase().endsWith(ending))) return name;
        throw new SyntaxError(`expected ${expectedWords(rule)}${such}`);
      };
    case "columns":
      return nonEmpty("a column");
    case "whole": {
      const { least, most = Number.MAX_SAFE_INTEGER } = rule;
      return number((value) => Number.isSafeInteger(value) && value >= least && value <= most);
    }
    case "size": {
      const { least, multipleOf } = rule.rule;
      const whole = number((value) => Number.isSafeInteger(value) && value >= 1);
      return (text) => {
        const value = Number(whole(text));
        if (value >= least && value % multipleOf === 0) return value;
        const below = value - value % multipleOf;
        const near = below < least ? `${least}` : `${below} or ${below + multipleOf}`;
        throw new SyntaxError(`expected ${expectedWords(rule)}; take ${near}, not ${value}`);
      };
    }
    case "positive":
      return number((value) => value > 0 && value < Infinity);
    case "notNegative":
      return number((value) => value >= 0 && value < Infinity);
    case "fraction":
      return number((value) => value >= 0 && value < 1);
    case "rowsOrBatch":
      return (text) => {
        if (text === "batch") return text;
        const value = text.trim() === "" ? NaN : Number(text);
        if (Number.isSafeInteger(value) && value >= 1) return value;
        throw new SyntaxError(`expected a whole number of rows, 1 or more${such}, or batch`);
      };
    case "energies":
      return (text) => {
        if (energyWeights(text) !== null) return text;
        throw new SyntaxError(`expected ${expectedWords(rule)}`);
      };
    case "switch":
      throw new TypeError("a switch has no text");
    default:
      return rule satisfies never;
  }
}

/** Creates a parser that accepts any non-empty text. */
export function nonEmpty(expected: string): (text: string) => string {
  return (text) => {
    if (text === "") throw new SyntaxError(`expected ${expected}, found nothing`);
    return text;
  };
}

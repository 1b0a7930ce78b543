import { suggestion } from "@fluxion/fluxion/core";
import { expectedChoice, type NetName, netNames } from "@fluxion/fluxion/options";

/** Parsers of option values. Each throws the words that complete "--lr -1: ...". */

function toNumber(text: string): number {
  return text.trim() === "" ? NaN : Number(text);
}

/** A finite number above zero. */
export function positive(example: string): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (!(value > 0 && value < Infinity)) {
      throw new SyntaxError(`expected a number above 0, such as ${example}`);
    }
    return value;
  };
}

/** A finite number, zero or above. */
export function notNegative(example: string): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (!(value >= 0 && value < Infinity)) {
      throw new SyntaxError(`expected a number, 0 or above, such as ${example}`);
    }
    return value;
  };
}

/** A number from zero up to, but not including, one. */
export function fraction(example: string): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (!(value >= 0 && value < 1)) {
      throw new SyntaxError(`expected a number from 0 to below 1, such as ${example}`);
    }
    return value;
  };
}

/** A whole number, at least `least` and at most `most`, if that is given. */
export function wholeNumber(
  least: number,
  example: string,
  most = Number.MAX_SAFE_INTEGER,
): (text: string) => number {
  return (text) => {
    const value = toNumber(text);
    if (!Number.isSafeInteger(value) || value < least || value > most) {
      const range = most < Number.MAX_SAFE_INTEGER
        ? `from ${least} to ${most}`
        : `${least} or more`;
      throw new SyntaxError(`expected a whole number, ${range}, such as ${example}`);
    }
    return value;
  };
}

/** Rows a control group, or `batch` for all rows in one. */
export function controlGroup(text: string): number | "batch" {
  if (text === "batch") return text;
  const value = toNumber(text);
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new SyntaxError("expected a whole number of rows, 1 or more, such as 8, or batch");
  }
  return value;
}

/** One of some names. */
export function choice(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new SyntaxError(`expected one of ${names.join(", ")}${suggestion(text, names)}`);
  };
}

/** A velocity network. */
export function netName(text: string): NetName {
  const name = netNames.find((known) => known === text);
  if (name === undefined) throw new SyntaxError(`expected ${expectedChoice(text, netNames)}`);
  return name;
}

/** Any text but none. */
export function text(what: string): (text: string) => string {
  return (value) => {
    if (value === "") throw new SyntaxError(`expected ${what}, found nothing`);
    return value;
  };
}

/** All of a trajectory's states are in memory at once. */
const MOST_TIMES = 65_536;

/** How many times of a trajectory; no number means 11. */
export function trajectoryTimes(value: string): number {
  return value === "" ? 11 : wholeNumber(2, "11", MOST_TIMES)(value);
}

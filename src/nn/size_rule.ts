import { InputError } from "../core/errors.ts";
import { quotedJson } from "../core/quoted.ts";

/** Valid integers for a network's size, shared by constructors, options and `config.json`. */
export interface SizeRule {
  /** The smallest value. */
  readonly least: number;
  /** The largest value; by default any safe integer. */
  readonly most?: number;
  /** The value is a multiple of this. */
  readonly multipleOf: number;
  /** Completes "expected ..." in messages about options and files. */
  readonly expected: string;
  /** A constructor's message for a value that is not a multiple; the value follows. */
  readonly refusal: string;
}

/** Sizes keyed by the names of their rules. */
export type SizesOf<Rules extends Readonly<Record<string, SizeRule>>> = {
  readonly [Name in keyof Rules]: number;
};

/** Any positive integer. */
export const count: SizeRule = {
  least: 1,
  multipleOf: 1,
  expected: "a whole number, 1 or more",
  refusal: "expected a whole number",
};

/** A width that includes the time embedding. */
export const evenWidth: SizeRule = {
  least: 2,
  multipleOf: 2,
  expected: "an even whole number, 2 or more (the time embedding is half sines, half cosines)",
  refusal: "expected an even number, since the time embedding is half sines and half cosines",
};

/**
 * Validates sizes in the order of the rules.
 *
 * @param sizes Untrusted.
 * @returns The sizes that have a rule.
 * @throws {InputError} For the first invalid size, suggesting the nearest valid values.
 */
export function requireSizes<const Rules extends Readonly<Record<string, SizeRule>>>(
  rules: Rules,
  sizes: Readonly<Record<string, unknown>>,
): SizesOf<Rules> {
  const checked = Object.entries(rules).map(([name, rule]) => {
    requireSize(name, sizes[name], rule);
    return [name, sizes[name]];
  });
  return Object.fromEntries(checked);
}

/**
 * Validates one size.
 *
 * @param name Begins the message.
 * @throws {InputError} If it is invalid, suggesting the nearest valid values.
 */
export function requireSize(
  name: string,
  value: unknown,
  { most = Infinity, multipleOf, refusal }: SizeRule,
): void {
  if (!Number.isSafeInteger(value) || (value as number) < 1) {
    const found = typeof value === "number" ? String(value) : quotedJson(value);
    throw new InputError(`${name}: expected a whole number of at least 1, got ${found}`);
  }
  const size = value as number;
  if (size > most) throw new InputError(`${name}: expected at most ${most}, got ${size}`);
  if (size % multipleOf !== 0) {
    const below = size - size % multipleOf;
    const near = below === 0 ? `${multipleOf}` : `${below} or ${below + multipleOf}`;
    throw new InputError(`${name}: ${refusal}, got ${size}; take ${near}`);
  }
}

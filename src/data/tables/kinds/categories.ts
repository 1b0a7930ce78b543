import { isNumber } from "../../formats/field_kind.ts";
import { isRoundedField } from "../rounded_integers.ts";
import { MAX_CATEGORIES } from "./column_kind.ts";

/** The category of a field, and why it has none. */
export type FoundCategory =
  | { readonly kind: "index"; readonly index: number }
  | { readonly kind: "unknown" }
  | { readonly kind: "tooMany" };

/** Numbers the categories of a column, by the text of its fields. */
export class Categories {
  readonly #isOpen: boolean;
  readonly #indices: Map<string, number>;

  /** @param known The categories of a run; undefined: those that are found. */
  constructor(known?: readonly string[]) {
    this.#isOpen = known === undefined;
    this.#indices = new Map((known ?? []).map((category, index) => [category, index]));
  }

  /** Whether a field is one of the categories that were given. */
  isKnown(field: string): boolean {
    return !this.#isOpen && this.#indices.has(field);
  }

  /** The category of a field, trimmed and not missing. */
  find(field: string): FoundCategory {
    const index = this.#indices.get(field) ?? this.#indices.get(numberText(field) ?? field);
    if (index !== undefined) return { kind: "index", index };
    if (!this.#isOpen) return this.#findValue(field);
    const next = this.#indices.size;
    if (next === MAX_CATEGORIES) return { kind: "tooMany" };
    this.#indices.set(numberText(field) ?? field, next);
    return { kind: "index", index: next };
  }

  /**
   * The category of a number in a file that has no texts: its own if categories are numbers, else an
   * index, as such files of samples have it.
   */
  findNumber(value: number): FoundCategory {
    const isIndex = !this.#isOpen && categoryNumbers([...this.#indices.keys()]) === null;
    if (!isIndex) return this.find(String(value));
    return Number.isInteger(value) && value >= 0 && value < this.#indices.size
      ? { kind: "index", index: value }
      : { kind: "unknown" };
  }

  /** The category of a number in any spelling, as runs had codes such as 01 that were stored as 1. */
  #findValue(field: string): FoundCategory {
    const isExact = isNumber(field) && !isRoundedField(field);
    const index = isExact ? this.#indices.get(String(Number(field))) : undefined;
    return index === undefined ? { kind: "unknown" } : { kind: "index", index };
  }

  /**
   * The categories in their order, numbers by value, others by their characters, and the place of
   * each that was found in it.
   */
  sorted(): { readonly categories: readonly string[]; readonly places: readonly number[] } {
    const found = [...this.#indices.keys()];
    if (!this.#isOpen) return { categories: found, places: found.map((_, index) => index) };
    const categories = found.toSorted(
      categoryNumbers(found) === null
        ? (a, b) => a < b ? -1 : a > b ? 1 : 0
        : (a, b) => Number(a) - Number(b),
    );
    const places = new Map(categories.map((category, index) => [category, index]));
    return { categories, places: found.map((category) => places.get(category)!) };
  }
}

/** The categories as numbers, as files without texts hold them; null if one is none. */
export function categoryNumbers(categories: readonly string[]): readonly number[] | null {
  return categories.every((category) => numberText(category) === category)
    ? categories.map(Number)
    : null;
}

/**
 * The shortest text of a field that is a number: 1 for 1.0. Null for codes that are written in
 * digits: those that begin with 0, such as 007, and those that float64 would round.
 */
function numberText(field: string): string | null {
  const value = Number(field);
  const isCode = /^[+-]?0\d/.test(field) || isRoundedField(field, value);
  return isNumber(field) && Number.isFinite(value) && !isCode ? String(value) : null;
}

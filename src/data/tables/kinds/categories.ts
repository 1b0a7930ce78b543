import { isNumber } from "../../formats/field_kind.ts";
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

  /** The category of a field, trimmed and not missing. */
  find(field: string): FoundCategory {
    const index = this.#indices.get(field) ?? this.#indices.get(numberText(field) ?? field);
    if (index !== undefined) return { kind: "index", index };
    if (!this.#isOpen) return { kind: "unknown" };
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
    const isIndex = !this.#isOpen && ![...this.#indices.keys()].every(isNumber);
    if (!isIndex) return this.find(String(value));
    return Number.isInteger(value) && value >= 0 && value < this.#indices.size
      ? { kind: "index", index: value }
      : { kind: "unknown" };
  }

  /**
   * The categories in their order, numbers by value, others by their characters, and the place of
   * each that was found in it.
   */
  sorted(): { readonly categories: readonly string[]; readonly places: readonly number[] } {
    const found = [...this.#indices.keys()];
    if (!this.#isOpen) return { categories: found, places: found.map((_, index) => index) };
    const areNumbers = found.every(isNumber);
    const categories = found.toSorted(
      areNumbers ? (a, b) => Number(a) - Number(b) : (a, b) => a < b ? -1 : a > b ? 1 : 0,
    );
    const places = new Map(categories.map((category, index) => [category, index]));
    return { categories, places: found.map((category) => places.get(category)!) };
  }
}

/** The shortest text of a field that is a number: 1 for 1.0 and 01. */
function numberText(field: string): string | null {
  return isNumber(field) ? String(Number(field)) : null;
}

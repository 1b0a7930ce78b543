/**
 * The values that an option accepts. The command-line parser, the config schema and the library's
 * own validation all derive their checks from it.
 */
export type ValueRule =
  | { readonly kind: "choice"; readonly names: readonly string[] }
  | { readonly kind: "text"; readonly expected: string }
  | {
    readonly kind: "file";
    readonly expected: string;
    readonly endings: readonly string[];
    /** Set if `-` is accepted. */
    readonly orDash?: true;
  }
  | { readonly kind: "switch"; readonly negatable?: true }
  | { readonly kind: "whole"; readonly least: number; readonly most?: number }
  | { readonly kind: "positive" }
  | { readonly kind: "notNegative" }
  | { readonly kind: "fraction" }
  | { readonly kind: "size"; readonly rule: SizeValues }
  | { readonly kind: "rowsOrBatch" }
  | { readonly kind: "columns" }
  | { readonly kind: "energies" };

/** Accepted values of a network size. */
export interface SizeValues {
  /** The smallest value. */
  readonly least: number;
  /** The value is a multiple of this. */
  readonly multipleOf: number;
  /** Completes "expected ...". */
  readonly expected: string;
}

/** The type of the values that a rule accepts. */
export type ValueOf<Rule extends ValueRule> = Rule extends
  { readonly kind: "choice"; readonly names: readonly (infer Name extends string)[] } ? Name
  : Rule extends { readonly kind: "text" | "file" | "energies" } ? string
  : Rule extends { readonly kind: "switch" } ? boolean
  : Rule extends { readonly kind: "rowsOrBatch" } ? number | "batch"
  : Rule extends { readonly kind: "columns" } ? readonly (string | number)[]
  : number;

/**
 * Describes the accepted values; completes "expected ...".
 *
 * @param found The value that was refused: one above what any count may be is told so.
 */
export function expectedWords(rule: ValueRule, found?: unknown): string {
  switch (rule.kind) {
    case "choice":
      return `one of ${rule.names.join(", ")}`;
    case "text":
    case "file":
      return rule.expected;
    case "switch":
      return "true or false";
    case "whole":
      return rule.most === undefined
        ? `a whole number, ${rule.least} or more${isTooLarge(found) ? ", below 2^53" : ""}`
        : `a whole number from ${rule.least} to ${rule.most}`;
    case "positive":
      return "a number above 0";
    case "notNegative":
      return "a number, 0 or above";
    case "fraction":
      return "a number from 0 to below 1";
    case "size":
      return rule.rule.expected;
    case "rowsOrBatch":
      return 'a whole number of rows, 1 or more, or "batch"';
    case "columns":
      return 'a list of one column or more, by names or numbers from 1, such as ["a", 2]';
    case "energies":
      return 'weights of 0 or above as "kinetic=0.01,jacobian=0.01,steps=0.001" or some of these, or "none"';
    default:
      return rule satisfies never;
  }
}

/** Whether JavaScript has no exact whole numbers of this size. */
function isTooLarge(found: unknown): boolean {
  return typeof found === "number" && found > Number.MAX_SAFE_INTEGER;
}

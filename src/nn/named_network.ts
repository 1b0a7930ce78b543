import type { SizeRule } from "./size_rule.ts";

/**
 * What options, `config.json` and help need to know about a network with a command-line name. Kept
 * apart from the networks themselves because it does not load tfjs.
 */
export interface NamedNetwork<Sizes = Readonly<Record<string, number>>> {
  /** Kind of its data rows. */
  readonly rows: "points" | "images";
  /** Rules for its sizes, in `config.json` order. */
  readonly sizes: { readonly [Name in keyof Sizes]: SizeRule };
  /** Sizes that are training options, its width first; the others come from the data. */
  readonly options: readonly (keyof Sizes & string)[];
}

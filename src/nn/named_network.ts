import type { SizeRule } from "./size_rule.ts";

/**
 * What options, `config.json` and help know of a network with a name on the command line. It is
 * apart from the networks themselves because it loads no tfjs.
 */
export interface NamedNetwork<Sizes = Readonly<Record<string, number>>> {
  /** What a row of its data is. */
  readonly rows: "points" | "images";
  /** Its sizes in the order in which `config.json` has them. */
  readonly sizes: { readonly [Name in keyof Sizes]: SizeRule };
  /** The sizes that are options of training, the one that sets its width first; data give the others. */
  readonly options: readonly (keyof Sizes & string)[];
}

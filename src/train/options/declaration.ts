import type { OptionDeclaration } from "../../core/options/declaration.ts";
import type { NetName } from "../../nn/named_networks.ts";

/** The models that `train` trains. */
export type ModelName = "cnf" | "fm";

/** A default: for all models, or per model; for flow matching also per network. */
export type DefaultOf<Value> = Value | {
  readonly cnf?: Value;
  readonly fm?: Value | { readonly [Net in NetName]?: Value };
};

/** When an option applies, and the reason shown when it does not. */
export type Condition =
  | { readonly kind: "model"; readonly model: ModelName; readonly reason: string }
  | { readonly kind: "rows"; readonly rows: "points" | "images"; readonly reason: string }
  /** The option is a size of the chosen network. */
  | { readonly kind: "networkSize" }
  | { readonly kind: "solver"; readonly steps: "adaptive" | "fixed" }
  | { readonly kind: "schedule"; readonly schedule: "cosine" }
  | { readonly kind: "trace"; readonly trace: "hutchinson" };

/** The declaration of a training option. */
export interface TrainOptionDeclaration extends OptionDeclaration {
  /** Options of a group are listed together in help and docs. */
  readonly group: "data" | "network" | "optimizer" | "solve" | "intervals" | "random" | "device";
  /** Default value; an option without one is absent from the config unless given. */
  readonly default?: DefaultOf<string | number | boolean>;
  /** Whether every config has it although it has no default. */
  readonly always?: true;
  /** When it applies. Default: always. */
  readonly when?: Condition;
  /** An option that belongs with this one: if a caller gives it, this one is dropped from the config file. */
  readonly discardedBy?: string;
  /** Whether a resumed run may change it, because the weights do not depend on it. */
  readonly freeOnResume?: true;
  /** Whether it is not an option on the command line, where a positional argument replaces it. */
  readonly inFilesOnly?: true;
}

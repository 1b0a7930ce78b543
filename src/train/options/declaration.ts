import type { OptionDeclaration } from "../../core/options/declaration.ts";
import type { NetName } from "../../nn/named_networks.ts";

/** What `train` learns. */
export type ModelName = "cnf" | "fm";

/** A default: of every model, or by model, flow matching's perhaps by network. */
export type DefaultOf<Value> = Value | {
  readonly cnf?: Value;
  readonly fm?: Value | { readonly [Net in NetName]?: Value };
};

/** When an option means something, and why it means nothing else. */
export type Condition =
  | { readonly kind: "model"; readonly model: ModelName; readonly reason: string }
  | { readonly kind: "rows"; readonly rows: "points" | "images"; readonly reason: string }
  /** The option is a size of the chosen network. */
  | { readonly kind: "networkSize" }
  | { readonly kind: "solver"; readonly steps: "adaptive" | "fixed" }
  | { readonly kind: "schedule"; readonly schedule: "cosine" }
  | { readonly kind: "trace"; readonly trace: "hutchinson" };

/** An option of training. */
export interface TrainOptionDeclaration extends OptionDeclaration {
  /** Options of a group stand together in help and docs. */
  readonly group: "data" | "network" | "optimizer" | "solve" | "intervals" | "random" | "device";
  /** When nobody gives it; without one it is absent from the config. */
  readonly default?: DefaultOf<string | number | boolean>;
  /** Set where a config has it although it has no default: what decides the others. */
  readonly always?: true;
  /** Always, when left out. */
  readonly when?: Condition;
  /** A caller who gives that option discards this one of a config file: they belong together. */
  readonly discardedBy?: string;
  /** Set where a resumed run may change it: the weights are the same whatever it is. */
  readonly freeOnResume?: true;
  /** Set where the command line has another word for it than an option. */
  readonly inFilesOnly?: true;
}

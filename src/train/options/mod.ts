/**
 * The options of a training run, each declared once: its type, its defaults, when it applies, and
 * its help. Loads no tensor library.
 *
 * @module
 */
export type { Condition, DefaultOf, ModelName, TrainOptionDeclaration } from "./declaration.ts";
export {
  type InEveryConfig,
  type NamedConfig,
  type NameOf,
  type TrainConfig,
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
  type Universal,
} from "./table.ts";
export {
  defaultNetOf,
  defaultOf,
  defaultsOf,
  netOfData,
  netsOf,
  requireNetOf,
} from "./defaults.ts";
export { defaultWordsOf } from "./default_words.ts";
export {
  appliesTo,
  type Chosen,
  type GivenOptions,
  requireApplicable,
  requireOneOfEach,
  whyInapplicable,
} from "./applicability.ts";
export { type EnergyWeights, energyWeights } from "../../core/options/energy_weights.ts";
export type { OptionDeclaration } from "../../core/options/declaration.ts";
export {
  expectedWords,
  type SizeValues,
  type ValueOf,
  type ValueRule,
} from "../../core/options/value_rule.ts";
export {
  asFlag,
  kebabCase,
  option,
  respelled,
  type ShownValue,
  unmarked,
} from "../../core/options/spelling.ts";
export { datasetNames } from "../../data/dataset_names.ts";
export { type NetName, netNames } from "../../nn/named_networks.ts";
export { tableaus } from "../../ode/tableaus.ts";
export { isShippedModel, shippedModels } from "../../data/models/shipped_models.ts";

/**
 * The options of a training run and their defaults. Loads no tensor library.
 *
 * @module
 */
export {
  type ConfigFile,
  defaultData,
  parseConfigFile,
  type TrainConfig,
  trainDefaults,
  type TrainOptions,
} from "./config.ts";
export { expectedChoice } from "./config_schema.ts";
export { type NetName, netNames } from "../../nn/named_networks.ts";
export { MOST_STEPS } from "../../ode/solver/step_control.ts";
export { tableaus } from "../../ode/tableaus.ts";

import { type Dataset, isTable } from "../data/dataset.ts";
import type { Standardization } from "../flows/standardization.ts";
import { tableDefaults } from "./options/table_sizes.ts";
import type { TrainConfig, TrainOptions } from "./options/table.ts";

/**
 * A config with the defaults of its table in place of general ones; other data and given options
 * keep theirs.
 *
 * @param config Resolved, with general defaults.
 */
export function withTableDefaults<Config extends TrainConfig>(
  config: Config,
  { given, dataset, standardization }: {
    readonly given: TrainOptions;
    readonly dataset: Dataset;
    readonly standardization: Standardization | null;
  },
): Config {
  if (!isTable(dataset)) return config;
  const dims = standardization?.center.length ?? dataset.dims;
  const { noise, ...others } = tableDefaults(config.model, { rows: dataset.train.count, dims });
  // The direct gradient is that of the loss as it is solved, however coarsely. The adjoint's has the errors
  // of its own solve, with which training diverged at these tolerances.
  const kept = config.gradient === "adjoint" ? ["rtol", "atol"] : [];
  const applicable = Object.entries(others).filter(([name]) =>
    !kept.includes(name) && given[name as keyof TrainOptions] === undefined &&
    config[name as keyof TrainConfig] !== undefined
  );
  // Noise keeps the covariance of whitened rows only.
  const isWhitened = standardization?.kind === "whiten";
  return {
    ...config,
    ...Object.fromEntries(applicable),
    ...(given.noise === undefined && isWhitened ? { noise } : {}),
  };
}

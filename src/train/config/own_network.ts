import { InputError } from "../../core/errors.ts";
import { namedNetwork, namedNetworks, type NetName } from "../../nn/named_networks.ts";
import { isImageNetwork, type Network } from "../../nn/network.ts";
import type { FlowKind } from "../../flows/model.ts";
import type { ConfigFile } from "./config_file.ts";
import { mergeOptions } from "./given_options.ts";
import { resolveConfig } from "./resolve_config.ts";
import { resumeConfig } from "./resume_config.ts";
import type { TrainConfig, TrainOptionName, TrainOptions } from "../options/table.ts";
import { option } from "../../core/options/spelling.ts";

/*
 * A program's own network has no `net` name and no size options. All other options and their defaults
 * are those of Fluxion's network for the same kind of rows.
 */

/** The options that select one of Fluxion's networks or its sizes. */
const networkOptions = [
  "net",
  ...new Set(Object.values(namedNetworks).flatMap(({ options }) => options)),
] as const;

/** The network of Fluxion's whose defaults apply to a custom network. */
export function netLike(network: Network): NetName {
  return isImageNetwork(network) ? "unet" : "mlp";
}

/** The options that describe a network: name and sizes; empty for a custom network. */
export function networkOptionsOf({ kind, sizes = {} }: Network): TrainOptions {
  const named = namedNetwork(kind);
  if (named === undefined) return {};
  return {
    net: kind as NetName,
    ...Object.fromEntries(named.options.map((name) => [name, sizes[name]])),
  };
}

/** `resolveConfig` for a given network; a custom network has no `net` and sizes. */
export function resolveConfigOf(
  network: Network,
  model: FlowKind,
  { file = null, options = {} }: {
    readonly file?: ConfigFile | null;
    readonly options?: TrainOptions;
  },
): TrainConfig {
  if (namedNetwork(network.kind) !== undefined) return resolveConfig(model, file, options);
  const given = mergeOptions(file, options).options;
  requireNoNetworkOptions(network, given);
  // The penalty's default was measured with the ConditionalMLP alone.
  const plain = model === "cnf" && given.regularize === undefined ? { regularize: "none" } : {};
  const like = { ...options, ...plain, net: netLike(network) };
  return withoutNetworkOptions(resolveConfig(model, file, like));
}

/** `resumeConfig` for a given network; a custom network has no `net` and sizes. */
export function resumeConfigOf(
  network: Network,
  stored: TrainConfig,
  { file = null, options = {}, movable = [] }: {
    readonly file?: ConfigFile | null;
    readonly options?: TrainOptions;
    /** Options naming files that may have moved. */
    readonly movable?: readonly TrainOptionName[];
  },
): TrainConfig {
  const { net = netLike(network) } = stored;
  const resumed = () => resumeConfig({ ...stored, net }, file, options, movable);
  if (namedNetwork(network.kind) !== undefined) return resumed();
  requireNoNetworkOptions(network, mergeOptions(file, options).options);
  return withoutNetworkOptions(resumed());
}

function requireNoNetworkOptions({ kind }: Network, given: TrainOptions): void {
  const name = networkOptions.find((name) => given[name] !== undefined);
  if (name !== undefined) {
    throw new InputError(
      `${
        option(name, given[name])
      }: does not apply: the network is the program's own, of kind ${kind}`,
    );
  }
}

function withoutNetworkOptions(config: TrainConfig): TrainConfig {
  const left = Object.entries(config).filter(([name]) =>
    !(networkOptions as readonly string[]).includes(name)
  );
  return Object.fromEntries(left) as unknown as TrainConfig;
}

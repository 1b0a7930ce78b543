import { namedNetworks, type NetName, netNames } from "../../nn/named_networks.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named } from "../../core/quoted.ts";
import type { ModelName, TrainOptionDeclaration } from "./declaration.ts";
import {
  type TrainOptionName,
  trainOptionNames,
  type TrainOptions,
  trainOptions,
} from "./table.ts";

/** The default network of a model: that of its default data. */
export function defaultNetOf(model: ModelName): NetName {
  return model === "cnf" ? "mlp" : "unet";
}

/** Whether a network takes images. */
export function isImageNet(net: NetName): boolean {
  return namedNetworks[net].rows === "images";
}

/** The networks available to a model; a CNF takes points only. */
export function netsOf(model: ModelName): readonly NetName[] {
  return netNames.filter((net) => model === "fm" || !isImageNet(net));
}

/** An option's default for a model and a network, or undefined if it has none. */
export function defaultOf(
  name: TrainOptionName,
  model: ModelName,
  net: NetName,
): string | number | boolean | undefined {
  const { default: declared }: TrainOptionDeclaration = trainOptions[name];
  const ofModel = typeof declared === "object" ? declared[model] : declared;
  return typeof ofModel === "object" ? ofModel[net] : ofModel;
}

/** The defaults of all options for a model and a network. */
export function defaultsOf(model: ModelName, net: NetName): TrainOptions {
  return Object.fromEntries(
    trainOptionNames.map((name) => [name, defaultOf(name, model, net)])
      .filter(([, value]) => value !== undefined),
  );
}

/** The default data of a model, given the chosen network, if any. */
export function defaultDataOf(model: ModelName, net: NetName | undefined): string {
  return defaultOf(
    "data",
    net === undefined || net === "mlp" ? model : "fm",
    net ?? defaultNetOf(model),
  ) as string;
}

/**
 * The network that fits a data set, as far as its name tells: downloaded images
 * have "mnist" in their names, IDX files end in "ubyte". `train` looks at the data itself.
 */
export function netOfData(data: string): NetName {
  return /^[a-z-]*mnist$|(\.idx|ubyte)(\.gz)?$/i.test(data) ? "unet" : "mlp";
}

/**
 * Checks that a model can use a network.
 *
 * @param data The data set, for the message.
 * @throws {InputError} If it cannot.
 */
export function requireNetOf(
  model: ModelName,
  net: NetName,
  data: string = defaultDataOf(model, net),
): void {
  if (netsOf(model).includes(net)) return;
  throw new InputError(
    `data ${named(data)}, net ${net}: a CNF takes points, not images; run train fm, or give ` +
      option("data", "moons"),
  );
}

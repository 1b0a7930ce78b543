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

/** The network of the data that a model learns when none is named. */
export function defaultNetOf(model: ModelName): NetName {
  return model === "cnf" ? "mlp" : "unet";
}

/** Whether a network is one over images. */
export function isImageNet(net: NetName): boolean {
  return namedNetworks[net].rows === "images";
}

/** The networks that a model may have: a CNF takes points. */
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

/** What every option is when nobody gives it. */
export function defaultsOf(model: ModelName, net: NetName): TrainOptions {
  return Object.fromEntries(
    trainOptionNames.map((name) => [name, defaultOf(name, model, net)])
      .filter(([, value]) => value !== undefined),
  );
}

/** The data that a model learns when none is named, with the network that was chosen, if any. */
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
 * Refuses a network that a model cannot have.
 *
 * @param data What it was to learn, for the message.
 * @throws {InputError} If so.
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

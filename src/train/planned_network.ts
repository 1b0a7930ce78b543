import { InputError } from "../core/errors.ts";
import { named } from "../core/quoted.ts";
import type { Dataset, PointDataset } from "../data/dataset.ts";
import { coordinateCount } from "../data/tables/kinds/column_kind.ts";
import { namedNetworks, type NetName } from "../nn/named_networks.ts";
import { isImageNetwork, type Network } from "../nn/network.ts";
import { createNetwork } from "../nn/registry.ts";
import { requireSize } from "../nn/size_rule.ts";
import { isImageNet } from "./options/defaults.ts";
import { option } from "../core/options/spelling.ts";
import type { TrainConfig } from "./options/table.ts";

/** The default network for a data set. */
export function netOf(dataset: Dataset): NetName {
  return dataset.kind === "points" ? "mlp" : "unet";
}

/**
 * Checks that a named network accepts the rows of a data set.
 *
 * @throws {InputError} If it does not.
 */
export function requireNet(net: NetName | undefined, dataset: Dataset, data: string): void {
  if (net !== undefined && isImageNet(net) !== (dataset.kind === "images")) {
    throw new InputError(
      `${option("net", net)}: data ${named(data)} holds ${dataset.kind}, which take ` +
        `${option("net")} ${dataset.kind === "images" ? "unet or resnet" : "mlp"}`,
    );
  }
}

/** Makes the network named by a config, sized for its data set. */
export function namedNetworkFor(config: TrainConfig, dataset: Dataset): Network {
  const net = config.net ?? netOf(dataset);
  const { sizes, options } = namedNetworks[net];
  const given: Readonly<Record<string, unknown>> = { ...config };
  const ofData: Readonly<Record<string, unknown>> = dataset.kind === "points"
    ? { dims: modelWidth(dataset) }
    : { ...dataset };
  const values = Object.entries(sizes).map(([name, rule]) => {
    const isOption = (options as readonly string[]).includes(name);
    if (isOption) requireSize(option(name), given[name], rule);
    return [name, isOption ? given[name] : ofData[name]];
  });
  return createNetwork({ kind: net, ...Object.fromEntries(values) });
}

/**
 * Checks that a custom network accepts the rows of a data set.
 *
 * @throws {InputError} If it expects rows of another kind or size.
 */
export function requireRowsOf(network: Network, dataset: Dataset, data: string): void {
  const found = dataset.kind === "points"
    ? `points of ${modelWidth(dataset)} dimensions`
    : imageWords(dataset);
  const taken = isImageNetwork(network)
    ? imageWords(network.image)
    : `points of ${network.rowWidth} dimensions`;
  if (found !== taken) {
    throw new InputError(
      `data ${named(data)}: holds ${found}, the network ${named(network.kind)} takes ${taken}`,
    );
  }
}

/** Dimension of a data set's points in model units. */
function modelWidth({ dims, file }: PointDataset): number {
  return file === undefined ? dims : coordinateCount(file.columns);
}

function imageWords(
  { height, width, channels }: {
    readonly height: number;
    readonly width: number;
    readonly channels: number;
  },
): string {
  return `images of ${height} x ${width} x ${channels}`;
}

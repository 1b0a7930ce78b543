import { mlpSizes } from "./mlp/sizes.ts";
import type { NamedNetwork } from "./named_network.ts";
import { resnetSizes } from "./resnet/sizes.ts";
import { unetSizes } from "./unet/sizes.ts";

/** Command-line name of a network. */
export type NetName = "mlp" | "resnet" | "unet";

/** The networks with a command-line name (`--net`). */
export const namedNetworks = {
  mlp: mlpSizes,
  resnet: resnetSizes,
  unet: unetSizes,
} as const satisfies Readonly<Record<NetName, NamedNetwork>>;

/** The names in the order of the help text. */
export const netNames: readonly NetName[] = Object.keys(namedNetworks) as NetName[];

/** A network's entry, or undefined for custom networks. */
export function namedNetwork(kind: string): NamedNetwork | undefined {
  return Object.hasOwn(namedNetworks, kind) ? namedNetworks[kind as NetName] : undefined;
}

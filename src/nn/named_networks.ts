import { mlpSizes } from "./mlp/sizes.ts";
import type { NamedNetwork } from "./named_network.ts";
import { resnetSizes } from "./resnet/sizes.ts";
import { unetSizes } from "./unet/sizes.ts";

/** The name of a network on the command line. */
export type NetName = "mlp" | "resnet" | "unet";

/** The networks with a name on the command line (`--net`). */
export const namedNetworks = {
  mlp: mlpSizes,
  resnet: resnetSizes,
  unet: unetSizes,
} as const satisfies Readonly<Record<NetName, NamedNetwork>>;

/** The names, in the order in which help lists them. */
export const netNames: readonly NetName[] = Object.keys(namedNetworks) as NetName[];

/** A network's entry, or undefined where it is one of a program's own. */
export function namedNetwork(kind: string): NamedNetwork | undefined {
  return Object.hasOwn(namedNetworks, kind) ? namedNetworks[kind as NetName] : undefined;
}

import { InputError } from "../core/errors.ts";
import { named } from "../core/quoted.ts";
import { mlpKind } from "./mlp/network.ts";
import { namedNetwork, netNames } from "./named_networks.ts";
import type { Network } from "./network.ts";
import type { NetworkKind } from "./network_kind.ts";
import { resnetKind } from "./resnet/network.ts";
import { unetKind } from "./unet/network.ts";
import { validateNetwork } from "./validate.ts";

/** Those with a name on the command line, in the order in which a state_dict is compared with them. */
const namedKinds: readonly NetworkKind[] = [mlpKind, resnetKind, unetKind];

/** A program's own. State of the module, as the kinds of a process are: every reader of runs sees them. */
const ownKinds = new Map<string, NetworkKind>();

/**
 * Says how runs of a program's own network are read: `loadRun`, a resumed `train` and
 * `importWeights` make the network by it. A kind that is registered again is replaced.
 *
 * @throws {InputError} If it is the kind of one of Fluxion's own networks.
 */
export function registerNetwork(kind: NetworkKind): void {
  if (namedNetwork(kind.kind) !== undefined) {
    throw new InputError(
      `registerNetwork: ${kind.kind} is one of Fluxion's own; take another kind`,
    );
  }
  ownKinds.set(kind.kind, kind);
}

/** All kinds that are known, Fluxion's own first. */
export function networkKinds(): readonly NetworkKind[] {
  return [...namedKinds, ...ownKinds.values()];
}

/**
 * The network that `config.json` records.
 *
 * @param record Its kind and sizes; of unknown origin.
 * @param place The file that it stands in, for messages; of options when left out.
 * @throws {InputError} If nobody registered the kind, or it does not take the sizes.
 */
export function createNetwork(
  record: Readonly<Record<string, unknown>> & { readonly kind: string },
  place?: string,
): Network {
  const { kind, ...sizes } = record;
  const known = networkKinds().find((known) => known.kind === kind);
  try {
    if (known === undefined) {
      throw new InputError(
        `kind ${named(kind)} is none of ${netNames.join(", ")}; a program that has such a ` +
          "network registers it with registerNetwork() first",
      );
    }
    const network = known.create(sizes);
    validateNetwork(network);
    return network;
  } catch (error) {
    if (!(error instanceof InputError) || place === undefined) throw error;
    throw new InputError(`${place}: network: ${error.message}`, { cause: error });
  }
}

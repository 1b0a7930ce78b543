import { InputError } from "../core/errors.ts";
import { named } from "../core/quoted.ts";
import { mlpKind } from "./mlp/network.ts";
import { namedNetwork, netNames } from "./named_networks.ts";
import type { Network } from "./network.ts";
import type { NetworkKind } from "./network_kind.ts";
import { resnetKind } from "./resnet/network.ts";
import { unetKind } from "./unet/network.ts";
import { validateNetwork } from "./validate.ts";

/** Kinds with a command-line name, in the order in which a state_dict is matched. */
const namedKinds: readonly NetworkKind[] = [mlpKind, resnetKind, unetKind];

/** Custom kinds. Module state, like the process's classes: every reader of runs sees them. */
const ownKinds = new Map<string, NetworkKind>();

/**
 * Makes runs of a custom network readable: `loadRun`, a resumed `train` and `importWeights` create
 * the network with it. Registering a kind again replaces it.
 *
 * @throws {InputError} If the kind is one of Fluxion's own.
 */
export function registerNetwork(kind: NetworkKind): void {
  if (namedNetwork(kind.kind) !== undefined) {
    throw new InputError(
      `registerNetwork: ${kind.kind} is one of Fluxion's own; take another kind`,
    );
  }
  ownKinds.set(kind.kind, kind);
}

/** All registered kinds, Fluxion's own first. */
export function networkKinds(): readonly NetworkKind[] {
  return [...namedKinds, ...ownKinds.values()];
}

/**
 * Makes the network that `config.json` records.
 *
 * @param record Kind and sizes; untrusted.
 * @param place The file it was read from, for messages; omit for options.
 * @throws {InputError} If the kind is not registered or the sizes are invalid.
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
        `kind ${named(kind)} is not one of ${netNames.join(", ")}; a program with such a ` +
          "network must register it with registerNetwork() first",
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

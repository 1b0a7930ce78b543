import type { Network } from "./network.ts";

/** How networks of a kind are made from what `config.json` records of them. */
export interface NetworkKind {
  /** The `kind` of its networks. */
  readonly kind: string;
  /**
   * The network of some sizes.
   *
   * @param sizes What `config.json` holds beside the kind: of unknown origin, so check them.
   * @throws {InputError} If it does not take them.
   */
  create(sizes: Readonly<Record<string, unknown>>): Network;
  /** How its PyTorch state_dict is recognised; a kind without it cannot be imported. */
  readonly stateDict?: StateDictSign;
}

/** How a network is recognised in a state_dict. */
export interface StateDictSign {
  /** The network and the tensor that tells, for messages: "a UNet (first.weight [...])". */
  readonly mark: string;
  /** Its sizes, or null where the state_dict is another network's. */
  sizes(found: FoundTensors): Readonly<Record<string, unknown>> | null;
}

/** The shapes in a state_dict. */
export interface FoundTensors {
  /** Shape of a tensor if it is there and has that rank, else null. */
  shapeOf(name: string, rank: number): readonly number[] | null;
  /** Size of the images, which weights do not tell. */
  readonly image: { readonly height: number; readonly width: number };
}

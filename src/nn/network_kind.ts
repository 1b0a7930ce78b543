import type { Network } from "./network.ts";

/** Makes networks of a kind from their `config.json` records. */
export interface NetworkKind {
  /** The `kind` of its networks. */
  readonly kind: string;
  /**
   * Makes a network.
   *
   * @param sizes Everything besides the kind in `config.json`: untrusted, so validate it.
   * @throws {InputError} If the sizes are invalid.
   */
  create(sizes: Readonly<Record<string, unknown>>): Network;
  /** How to recognise its PyTorch state_dict; kinds without it cannot be imported. */
  readonly stateDict?: StateDictSign;
}

/** Recognises a network in a state_dict. */
export interface StateDictSign {
  /** The network and its distinguishing tensor, for messages: "a UNet (first.weight [...])". */
  readonly mark: string;
  /** Its sizes, or null if the state_dict belongs to another network. */
  sizes(found: FoundTensors): Readonly<Record<string, unknown>> | null;
}

/** Shapes found in a state_dict. */
export interface FoundTensors {
  /** Shape of a tensor, or null if it is missing or has another rank. */
  shapeOf(name: string, rank: number): readonly number[] | null;
  /** Image size, which cannot be inferred from the weights. */
  readonly image: { readonly height: number; readonly width: number };
}

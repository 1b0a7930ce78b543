import { Parameters } from "../core/parameters.ts";
import { initialParameters } from "../nn/init.ts";
import type { Network } from "../nn/network.ts";
import type { FlowKind, FlowModel } from "./model.ts";
import { linearPath } from "./paths/linear_path.ts";
import type { Path } from "./paths/path.ts";
import { standardNormal } from "./sources/standard_normal.ts";
import type { Source } from "./sources/source.ts";

/** What a model with fresh weights is made of. */
export interface NewModelOptions {
  /** Of the initial weights; 0 when left out. */
  readonly seed?: number;
  /** The probability path of flow matching; the straight one, `linearPath(0)`, when left out. */
  readonly path?: Path;
  /** What the flow transports to the data; `standardNormal` when left out. */
  readonly source?: Source;
}

/**
 * A flow with fresh weights on the current backend, for a training loop of one's own; its data
 * are taken as they are. Dispose its `parameters`.
 */
export function newModel(
  kind: FlowKind,
  network: Network,
  { seed = 0, path = linearPath(0), source = standardNormal }: NewModelOptions = {},
): FlowModel {
  const parameters = Parameters.fromFlat(network.layout, initialParameters(network, seed));
  return { kind, network, parameters, path, source, standardization: null };
}

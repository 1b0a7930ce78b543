import { Parameters } from "../core/parameters.ts";
import { quotedJson } from "../core/quoted.ts";
import { initialParameters } from "../nn/init.ts";
import type { Network } from "../nn/network.ts";
import type { FlowKind, FlowModel } from "./model.ts";
import { linearPath } from "./paths/linear_path.ts";
import { type Path, requirePath } from "./paths/path.ts";
import { standardNormal } from "./sources/standard_normal.ts";
import type { Source } from "./sources/source.ts";

/** Options of {@link newModel}. */
export interface NewModelOptions {
  /** Seed of the initial weights; default 0. */
  readonly seed?: number;
  /** Probability path of flow matching; default the straight one, `linearPath(0)`. */
  readonly path?: Path;
  /** Distribution that the flow transports to the data; default `standardNormal`. */
  readonly source?: Source;
}

/**
 * Makes a flow with fresh weights on the current backend, for a custom training loop. Data are not
 * standardised. The caller disposes `parameters`.
 *
 * @throws {RangeError} If `kind` is neither.
 * @throws {InputError} If the path's coefficients contradict each other.
 */
export function newModel(
  kind: FlowKind,
  network: Network,
  { seed = 0, path = linearPath(0), source = standardNormal }: NewModelOptions = {},
): FlowModel {
  if (kind !== "cnf" && kind !== "fm") {
    throw new RangeError(`newModel: kind must be "cnf" or "fm", got ${quotedJson(kind)}`);
  }
  requirePath(path);
  const parameters = Parameters.fromFlat(network.layout, initialParameters(network, seed));
  return { kind, network, parameters, path, source, standardization: null };
}

import type { RandomKey } from "../../core/random/random.ts";
import { InputError } from "../../core/errors.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";

/** Rows of `width` numbers: from `first`, `count` of them. */
export interface SourceRows {
  /** Number of the first row. */
  readonly first: number;
  /** How many rows. */
  readonly count: number;
  /** Numbers per row. */
  readonly width: number;
}

/**
 * The distribution that a flow transports to the data: x0 of flow matching, the prior of a CNF. It
 * lives where the model does, so beside data that are standardised.
 */
export interface Source {
  /** With its parameters, if it has any: what a run records, and compares when it is loaded. */
  readonly name: string;
  /**
   * Draws, [count * width], row-major: row i is a function of (key, i) alone.
   *
   * @throws {RangeError} If there is no such distribution over rows of that width.
   */
  draw(key: RandomKey, rows: SourceRows): Float32Array;
  /** Log-density of each row of z [n, w], in nats, [n]; null: not known. */
  readonly logDensity: ((z: Tensor2D) => Tensor1D) | null;
}

/**
 * Log-density of a source.
 *
 * @throws {InputError} If it is not known: there is no likelihood then.
 */
export function requireLogDensity({ name, logDensity }: Source): (z: Tensor2D) => Tensor1D {
  if (logDensity === null) {
    throw new InputError(`log-likelihoods need a source of known density; ${name} has none`);
  }
  return logDensity;
}

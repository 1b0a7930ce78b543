import type { RandomKey } from "../../core/random/random.ts";
import { InputError } from "../../core/errors.ts";
import type { Tensor1D, Tensor2D } from "../../core/tensors.ts";

/** A range of rows. */
export interface SourceRows {
  /** Index of the first row. */
  readonly first: number;
  /** Number of rows. */
  readonly count: number;
  /** Numbers per row. */
  readonly width: number;
}

/**
 * The distribution that a flow transports to the data: x0 of flow matching, the prior of a CNF. It
 * is defined in model units, after standardisation.
 */
export interface Source {
  /** Name including parameters; recorded with a run and compared on loading. */
  readonly name: string;
  /**
   * Draws, [count * width], row-major: row i is a function of (key, i) alone.
   *
   * @throws {RangeError} If the distribution is not defined for rows of that width.
   */
  draw(key: RandomKey, rows: SourceRows): Float32Array;
  /** Log-density of each row of z [n, w], in nats, [n]; null if unknown. */
  readonly logDensity: ((z: Tensor2D) => Tensor1D) | null;
}

/**
 * The log-density function of a source.
 *
 * @throws {InputError} If it is unknown, so that no likelihood can be computed.
 */
export function requireLogDensity({ name, logDensity }: Source): (z: Tensor2D) => Tensor1D {
  if (logDensity === null) {
    throw new InputError(`log-likelihoods need a source with a known density; ${name} has none`);
  }
  return logDensity;
}

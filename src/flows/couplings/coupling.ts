import type { RandomKey } from "../../core/random/random.ts";

/** A batch of source draws and data before pairing. */
export interface UnpairedBatch {
  /** Rows of each, n. */
  readonly count: number;
  /** Numbers per row. */
  readonly width: number;
  /** Draws of the source, [n * width], row-major. */
  readonly x0: Float32Array;
  /** Data in model units, [n * width]. Reading it copies it from the device. */
  readonly x1: Float32Array;
  /** Key for couplings that draw random numbers: a separate RNG subsequence per batch. */
  readonly key: RandomKey;
}

/** Row indices of the pairs: each below n, [n] each. */
export interface Pairs {
  /** Pair i uses row `x0[i]` of the draws. */
  readonly x0: Uint32Array;
  /** Pair i uses row `x1[i]` of the data, and its label, since labels follow the data index. */
  readonly x1: Uint32Array;
}

/**
 * Pairing of source draws with data in a flow-matching batch. The model learns to transport the
 * source to the data whenever every row is equally likely to be paired; couplings differ in how
 * straight the marginal flow is.
 *
 * Source: Tong et al. 2024, Improving and Generalizing Flow-Based Generative Models with Minibatch
 * Optimal Transport, section 3.
 */
export interface Coupling {
  /** Name including parameters; recorded with a run and compared on loading. */
  readonly name: string;
  /** Pairs a batch. null pairs row i with row i. */
  pair(batch: UnpairedBatch): Pairs | null;
}

/** Pairs draws and data in the order they come, independently. */
export const independentCoupling: Coupling = {
  name: "independent",
  pair: () => null,
};

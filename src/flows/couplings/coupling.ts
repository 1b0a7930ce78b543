import type { RandomKey } from "../../core/random/random.ts";

/** A batch of the source's draws and of data, before they are paired. */
export interface UnpairedBatch {
  /** Rows of each, n. */
  readonly count: number;
  /** Numbers per row. */
  readonly width: number;
  /** Draws of the source, [n * width], row-major. */
  readonly x0: Float32Array;
  /** Data as the model takes them, [n * width]. Reading it copies it from the device. */
  readonly x1: Float32Array;
  /** For a coupling that draws: an RNG subsequence of its own for every batch. */
  readonly key: RandomKey;
}

/** Which rows are paired: indices below n, [n] each. */
export interface Pairs {
  /** Pair i has row `x0[i]` of the draws. */
  readonly x0: Uint32Array;
  /** Pair i has row `x1[i]` of the data; so have its labels, which follow the data by this index. */
  readonly x1: Uint32Array;
}

/**
 * Which draws of the source are paired with which data in a batch of flow matching. The model
 * learns to transport the source to the data whenever each row is as likely to be in a pair as
 * any other; couplings differ in how straight the marginal flow is.
 *
 * Source: Tong et al. 2024, Improving and Generalizing Flow-Based Generative Models with Minibatch
 * Optimal Transport, section 3.
 */
export interface Coupling {
  /** With its parameters, if it has any: what a run records, and compares when it is loaded. */
  readonly name: string;
  /** Pairs a batch. null: row i with row i. */
  pair(batch: UnpairedBatch): Pairs | null;
}

/** Draws and data as they come, independent of each other. */
export const independentCoupling: Coupling = {
  name: "independent",
  pair: () => null,
};

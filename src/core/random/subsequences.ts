import type { RandomKey } from "./random.ts";

/** The RNG subsequences of one use: `first` to `first + count - 1` of a stream. */
export interface Subsequences {
  /** Word 2 of Philox's counter; a whole number below 2^32. */
  readonly stream: number;
  /** Word 3 of the counter for the first subsequence. */
  readonly first: number;
  /** Number of subsequences; indices start at 0. */
  readonly count: number;
  /**
   * Set for uses in the check of one theorem. Theorems are checked separately and never compared
   * with one another, so their uses may overlap; within a theorem no two uses share a word.
   */
  readonly theorem?: "ddpm" | "fm-variance" | "kfp";
}

const ANY = 2 ** 32;

/**
 * All uses of random numbers, declared in one place so that no two draw the same words for a seed.
 *
 * Reproducing a run depends on these numbers: add entries, never change one.
 */
export const subsequences = {
  /** Initial weights: one per tensor of the network, in the file's order. */
  weights: { stream: 1, first: 0, count: ANY },
  /** Points of a known distribution: one per random variable of a point. */
  dataSet: { stream: 2, first: 0, count: 8 },
  /** Like `dataSet`, for fresh points that are not in the data set (`PointDataset.draw`). */
  freshData: { stream: 2, first: 8, count: 8 },
  /** Like `freshData`, for the two clouds of an evaluation: eight per cloud. */
  evaluationData: { stream: 2, first: 16, count: 16 },
  /** Order of the training rows: one per epoch. */
  batchOrder: { stream: 3, first: 0, count: ANY },
  /** Source samples x0 of flow matching: one per training step. */
  noise: { stream: 4, first: 0, count: ANY },
  /** Times of flow matching: one per training step. */
  times: { stream: 5, first: 0, count: ANY },
  /** Random couplings of flow matching: one per training step. */
  couplings: { stream: 11, first: 0, count: ANY },
  /** Dequantisation noise of a table's discrete columns: one per training step. */
  tableNoise: { stream: 12, first: 0, count: ANY },
  /** Gaussian noise in the training rows of a table: one per training step. */
  rowNoise: { stream: 13, first: 0, count: ANY },
  /** Trace probes in a CNF's loss: one per training step. */
  probes: { stream: 6, first: 0, count: ANY },
  /** Prior samples. */
  samplePrior: { stream: 7, first: 0, count: 1 },
  /** Trace probes when sampling. */
  sampleProbes: { stream: 7, first: 1, count: 1 },
  /** Prior samples of an evaluation. */
  evaluationPrior: { stream: 7, first: 2, count: 1 },
  /** Times when evaluating a flow-matching loss. */
  evaluationTimes: { stream: 8, first: 0, count: 1 },
  /** Source samples when evaluating a flow-matching loss. */
  evaluationNoise: { stream: 8, first: 1, count: 1 },
  /** Trace probes when evaluating log-likelihoods. */
  evaluationProbes: { stream: 8, first: 2, count: 1 },
  /** Directions of the sliced Wasserstein distance. */
  projections: { stream: 8, first: 3, count: 1 },
  /** Dequantisation noise when evaluating image likelihoods. */
  dequantization: { stream: 8, first: 4, count: 1 },
  /** Dequantisation noise of a table's discrete columns when evaluating: one index range per row. */
  evaluationTableNoise: { stream: 8, first: 5, count: 1 },
  /** Random couplings when evaluating a flow-matching loss: one per batch. */
  evaluationCouplings: { stream: 8, first: 1000, count: ANY - 1000 },
  /** Split of a table into train and test rows. */
  split: { stream: 9, first: 0, count: 1 },
  /** Which training rows of a table validate. */
  validationRows: { stream: 9, first: 1, count: 1 },
  /** Initial points in the checks of the Kolmogorov forward equation. */
  kfpPoints: { stream: 10, first: 0, count: 1, theorem: "kfp" },
  /** Mixture components of the points at which updates are compared: one per time. */
  ddpmSliceComponents: { stream: 10, first: 0, count: 100, theorem: "ddpm" },
  /** Offsets within those components: one per time. */
  ddpmSlicePlaces: { stream: 10, first: 100, count: 100, theorem: "ddpm" },
  /** Noise of the compared updates: one per time. */
  ddpmSliceNoise: { stream: 10, first: 200, count: 100, theorem: "ddpm" },
  /** Mixture components of the samplers' initial points. */
  ddpmSampleComponents: { stream: 10, first: 300, count: 1, theorem: "ddpm" },
  /** Offsets within those components. */
  ddpmSamplePlaces: { stream: 10, first: 301, count: 1, theorem: "ddpm" },
  /** Noise of the samplers' steps: N + k for step k of N, with N a power of two times 10. */
  ddpmSampleNoise: { stream: 10, first: 1000, count: 9000, theorem: "ddpm" },
  /** Pairs whose marginals are measured: one per path and time. */
  fmMarginalPairs: { stream: 10, first: 0, count: 10_000, theorem: "fm-variance" },
  /** Pairs whose norms are measured: one per dimension d, at index d. */
  fmNormPairs: { stream: 10, first: 10_000, count: 10_000, theorem: "fm-variance" },
  /** Pairs whose initial points are transported by the flow: one per path. */
  fmTransportPairs: { stream: 10, first: 20_000, count: 10_000, theorem: "fm-variance" },
  /** Pairs whose trajectories are drawn. */
  fmTrajectoryPairs: { stream: 10, first: 30_000, count: 1, theorem: "fm-variance" },
  /** Points of the self-tests: one per use. */
  selfTests: { stream: 14, first: 0, count: 10 },
  /** Reserved for programs that use the library: Fluxion itself never draws from these. */
  caller: { stream: 255, first: 0, count: ANY },
} as const satisfies Readonly<Record<string, Subsequences>>;

/**
 * A random key for programs that use the library; its numbers collide with none of Fluxion's own.
 *
 * @param seed A whole number from 0 to 2^53 - 1.
 * @param index A whole number below 2^32; each selects an independent sequence. Default 0.
 */
export function callerKey(seed: number, index = 0): RandomKey {
  return keyOf(subsequences.caller, seed, index);
}

/**
 * The random key of one subsequence of a use.
 *
 * @param seed A whole number from 0 to 2^53 - 1.
 * @param index Which of the use's subsequences (an epoch, a training step, a layer); default 0.
 * @throws {RangeError} If `index` is not a whole number below the use's `count`.
 */
export function keyOf({ stream, first, count }: Subsequences, seed: number, index = 0): RandomKey {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(
      `random: expected a subsequence from 0 to ${count - 1} of stream ${stream}, got ${index}`,
    );
  }
  return { seed, stream, subsequence: first + index };
}

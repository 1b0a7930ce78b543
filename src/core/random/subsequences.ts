import type { RandomKey } from "./random.ts";

/** RNG subsequences of one use: `count` of them from `first` on, within a stream. */
export interface Subsequences {
  /** Word 2 of Philox's counter; a whole number below 2^32. */
  readonly stream: number;
  /** Word 3 of the counter where the use begins. */
  readonly first: number;
  /** How many subsequences belong to the use; their index counts from 0. */
  readonly count: number;
  /**
   * Theorems are checked one at a time and never compared with one another, so the uses of one may
   * have the numbers of another's; within a theorem, as everywhere else, no two uses share a word.
   */
  readonly theorem?: "ddpm" | "fm-variance" | "kfp";
}

const ANY = 2 ** 32;

/**
 * Every use of random numbers, in one place, so that no two draw the same words for the same seed.
 *
 * The numbers are part of what makes a run reproducible: add to them, never change one.
 */
export const subsequences = {
  /** Initial weights: one per tensor of the network, in the file's order. */
  weights: { stream: 1, first: 0, count: ANY },
  /** Points of a known distribution: one per random variable of a point. */
  dataSet: { stream: 2, first: 0, count: 8 },
  /** As `dataSet`, of points drawn beside the data set (`PointDataset.draw`). */
  freshData: { stream: 2, first: 8, count: 8 },
  /** Order of the training rows: one per epoch. */
  batchOrder: { stream: 3, first: 0, count: ANY },
  /** Source samples x0 of flow matching: one per training step. */
  noise: { stream: 4, first: 0, count: ANY },
  /** Times of flow matching: one per training step. */
  times: { stream: 5, first: 0, count: ANY },
  /** Couplings of flow matching that draw: one per training step. */
  couplings: { stream: 11, first: 0, count: ANY },
  /** Probes of the trace in a CNF's loss: one per training step. */
  probes: { stream: 6, first: 0, count: ANY },
  /** Prior of samples. */
  samplePrior: { stream: 7, first: 0, count: 1 },
  /** Probes of the trace along samples. */
  sampleProbes: { stream: 7, first: 1, count: 1 },
  /** Times of an evaluated flow-matching loss. */
  evaluationTimes: { stream: 8, first: 0, count: 1 },
  /** Source samples of an evaluated flow-matching loss. */
  evaluationNoise: { stream: 8, first: 1, count: 1 },
  /** Probes of the trace in log-likelihoods. */
  evaluationProbes: { stream: 8, first: 2, count: 1 },
  /** Directions of the sliced Wasserstein distance. */
  projections: { stream: 8, first: 3, count: 1 },
  /** Dequantisation of images whose likelihood is evaluated. */
  dequantization: { stream: 8, first: 4, count: 1 },
  /** Couplings of an evaluated flow-matching loss that draw: one per batch. */
  evaluationCouplings: { stream: 8, first: 1000, count: ANY - 1000 },
  /** Split of a table into train and test rows. */
  split: { stream: 9, first: 0, count: 1 },
  /** Initial points of the Kolmogorov equation's checks. */
  kfpPoints: { stream: 10, first: 0, count: 1, theorem: "kfp" },
  /** Components of the mixture at which updates are compared: one per time. */
  ddpmSliceComponents: { stream: 10, first: 0, count: 100, theorem: "ddpm" },
  /** Places within those components: one per time. */
  ddpmSlicePlaces: { stream: 10, first: 100, count: 100, theorem: "ddpm" },
  /** Noise of the compared updates: one per time. */
  ddpmSliceNoise: { stream: 10, first: 200, count: 100, theorem: "ddpm" },
  /** Components of the samplers' initial points. */
  ddpmSampleComponents: { stream: 10, first: 300, count: 1, theorem: "ddpm" },
  /** Places within those components. */
  ddpmSamplePlaces: { stream: 10, first: 301, count: 1, theorem: "ddpm" },
  /** Noise of the samplers' steps: N + k for step k of N, with N a power of two times 10. */
  ddpmSampleNoise: { stream: 10, first: 1000, count: 9000, theorem: "ddpm" },
  /** Pairs whose marginals are measured: one per path and time. */
  fmMarginalPairs: { stream: 10, first: 0, count: 10_000, theorem: "fm-variance" },
  /** Pairs whose norms are measured: one per dimension d, of index d. */
  fmNormPairs: { stream: 10, first: 10_000, count: 10_000, theorem: "fm-variance" },
  /** Pairs whose initial points are transported: one per path. */
  fmTransportPairs: { stream: 10, first: 20_000, count: 10_000, theorem: "fm-variance" },
  /** Pairs whose trajectories are drawn. */
  fmTrajectoryPairs: { stream: 10, first: 30_000, count: 1, theorem: "fm-variance" },
  /** For programs that use the library: Fluxion itself never draws from these. */
  caller: { stream: 255, first: 0, count: ANY },
} as const satisfies Readonly<Record<string, Subsequences>>;

/**
 * The key of random numbers of a program that uses the library, which collide with none of
 * Fluxion's own.
 *
 * @param seed A whole number from 0 to 2^53 - 1.
 * @param index A whole number below 2^32: each has a sequence of its own; 0 when left out.
 */
export function callerKey(seed: number, index = 0): RandomKey {
  return keyOf(subsequences.caller, seed, index);
}

/**
 * The key of one subsequence of a use.
 *
 * @param seed A whole number from 0 to 2^53 - 1.
 * @param index Which of the use's subsequences (an epoch, a training step, a layer); 0 when left out.
 * @throws {RangeError} If the use has no subsequence of that index.
 */
export function keyOf({ stream, first, count }: Subsequences, seed: number, index = 0): RandomKey {
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw new RangeError(
      `random: expected a subsequence from 0 to ${count - 1} of stream ${stream}, got ${index}`,
    );
  }
  return { seed, stream, subsequence: first + index };
}

import { FailureError } from "../../core/errors.ts";
import type { DataCurve, PointDataset } from "../../data/dataset.ts";
import type { FlowModel, SolveSettings } from "../../flows/model.ts";
import { sample } from "../../flows/sample.ts";
import type { PointValues } from "../../flows/standardization.ts";
import { slicedWasserstein2, wasserstein2 } from "../../metrics/wasserstein.ts";
import type { Engines } from "../../ode/engines/engines.ts";

/** Points per cloud of an exact Wasserstein distance; the assignment takes about 10 ms. */
export const CLOUD = 512;

/** Points per cloud of a sliced Wasserstein distance and of the share of strays. */
const LARGE_CLOUD = 5_000;

/** Random directions of a sliced Wasserstein distance. */
const DIRECTIONS = 256;

/** Seeds of fresh draws, away from the small seeds used for training. */
const FRESH_SEEDS = [1_000_003, 2_000_003] as const;

/** Two clouds of {@link CLOUD} fresh points: the reference, and one that gives its sampling floor. */
export function freshClouds(
  draw: (seed: number, n: number) => Float32Array,
  seed: number,
): readonly [Float32Array, Float32Array] {
  const [first, second] = FRESH_SEEDS;
  return [draw(seed + first, CLOUD), draw(seed + second, CLOUD)];
}

/**
 * Distances of a model's samples to its data, each beside the value of a perfect model, which is
 * that of fresh data. Those of samples are null if the solve that draws them fails.
 */
export interface SampleDistances {
  /** 2-Wasserstein distance of samples to fresh data, {@link CLOUD} points each. */
  readonly wasserstein2: number | null;
  /** The same between two fresh draws of the data. */
  readonly wasserstein2Data: number;
  /** Sliced 2-Wasserstein distance, 256 directions and 5,000 points per cloud. */
  readonly slicedWasserstein2: number | null;
  /** The same between two fresh draws of the data. */
  readonly slicedWasserstein2Data: number;
  /** Share of 5,000 samples far from the data's curve; this and the next only if it has one. */
  readonly stray?: number | null;
  /** The same of fresh data. */
  readonly strayData?: number;
  /** Why sampling failed, as a message; undefined if it did not. */
  readonly wasserstein2Reason?: string;
}

/**
 * Draws samples and compares them with fresh data.
 *
 * @param dataset Its `draw` is not null.
 */
export async function sampleDistances(
  { model, engines, seed, settings }: {
    readonly model: FlowModel;
    readonly engines: Engines;
    readonly seed: number;
    readonly settings: SolveSettings;
  },
  { dims, draw, curve }: Pick<PointDataset, "dims" | "curve"> & {
    readonly draw: NonNullable<PointDataset["draw"]>;
  },
): Promise<SampleDistances> {
  const [fresh, other] = freshClouds(draw, seed);
  const [large, otherLarge] = [draw(seed, LARGE_CLOUD, 1), draw(seed, LARGE_CLOUD, 2)];
  const sliced = (points: Float32Array | Float64Array) =>
    slicedWasserstein2(points, large, { dims, seed, directions: DIRECTIONS });
  const ofData = {
    wasserstein2Data: wasserstein2(other, fresh, dims),
    slicedWasserstein2Data: sliced(otherLarge),
    ...(curve === undefined ? {} : { strayData: strayShare(curve, large) }),
  };
  const request = { seed, settings };
  try {
    const few = await sample(model, engines, { ...request, count: CLOUD });
    const many = await sample(model, engines, {
      ...request,
      count: LARGE_CLOUD,
      prior: "evaluation",
    });
    return {
      wasserstein2: wasserstein2(few.samples, fresh, dims),
      slicedWasserstein2: sliced(many.samples),
      ...(curve === undefined ? {} : { stray: strayShare(curve, many.samples) }),
      ...ofData,
    };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return {
      wasserstein2: null,
      slicedWasserstein2: null,
      ...(curve === undefined ? {} : { stray: null }),
      ...ofData,
      wasserstein2Reason: error.message,
    };
  }
}

/** Share of the points farther from the curve than `near`. */
function strayShare(curve: DataCurve, points: PointValues): number {
  const distances = curve.distance(points);
  return distances.filter((distance) => distance > curve.near).length / distances.length;
}

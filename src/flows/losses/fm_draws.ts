import type { RandomKey } from "../../core/random/random.ts";
import { keyOf, subsequences } from "../../core/random/subsequences.ts";
import { type Coupling, independentCoupling } from "../couplings/coupling.ts";
import type { FlowModel } from "../model.ts";
import { drawSource } from "../sources/source.ts";
import { drawTimes, type TimeSampler } from "../times/time_sampler.ts";
import { uniformTimes } from "../times/uniform_times.ts";
import type { StepDraw } from "./loss.ts";

/** Random choices of the flow-matching loss; path and source belong to the model. */
export interface FlowMatchingOptions {
  /** Default {@link uniformTimes}. */
  readonly times?: TimeSampler;
  /** Default {@link independentCoupling}. */
  readonly coupling?: Coupling;
}

/** Keys of a batch's draws. */
export interface DrawKeys {
  readonly noiseKey: RandomKey;
  readonly timesKey: RandomKey;
  readonly couplingKey: RandomKey;
}

/** Keys of a training step's draws. */
export function stepKeys({ seed, step }: StepDraw): DrawKeys {
  return {
    noiseKey: keyOf(subsequences.noise, seed, step),
    timesKey: keyOf(subsequences.times, seed, step),
    couplingKey: keyOf(subsequences.couplings, seed, step),
  };
}

/** A batch whose draws are wanted. */
export interface DrawnBatch extends FlowMatchingOptions, DrawKeys {
  readonly count: number;
  readonly width: number;
  /** Index of the batch's first row in the keys' sequences. */
  readonly first: number;
  /** Data in model units, [count * width]; read only if the coupling needs them. */
  readonly x1: Float32Array;
}

/** Draws of a batch on the host. */
export interface Draws {
  /** Draws of the source, each paired with the data of the same row, [count * width]. */
  readonly x0: Float32Array;
  /** [count]. */
  readonly times: Float32Array;
  /** The data's row of each pair, [count]; null if they keep their order. */
  readonly x1Rows: Uint32Array | null;
}

/**
 * Draws times and source rows for a batch and couples the latter with the data.
 *
 * @throws {RangeError} If the coupling returns indices outside the batch.
 */
export function drawBatch({ source }: Pick<FlowModel, "source">, batch: DrawnBatch): Draws {
  const { times = uniformTimes, coupling = independentCoupling, first, count, width } = batch;
  const x0 = drawSource(source, batch.noiseKey, { first, count, width });
  const drawn = { x0, times: drawTimes(times, batch.timesKey, { first, count }) };
  const pairs = coupling.pair({
    count,
    width,
    x0,
    key: batch.couplingKey,
    get x1() {
      return batch.x1;
    },
  });
  if (pairs === null) return { ...drawn, x1Rows: null };
  if (pairs?.x0?.length === undefined || pairs.x1?.length === undefined) {
    throw new RangeError(
      `coupling ${coupling.name}: pair() must return indices { x0, x1 } of the batch's rows, or null`,
    );
  }
  requireIndices(coupling, pairs.x0, count);
  requireIndices(coupling, pairs.x1, count);
  const paired = new Float32Array(x0.length);
  pairs.x0.forEach((from, to) =>
    paired.set(x0.subarray(from * width, (from + 1) * width), to * width)
  );
  return { ...drawn, x0: paired, x1Rows: pairs.x1 };
}

/** Checks the indices of a caller's coupling before they index memory. */
function requireIndices({ name }: Coupling, indices: Uint32Array, count: number): void {
  if (indices.length !== count) {
    throw new RangeError(`coupling ${name}: expected ${count} indices, got ${indices.length}`);
  }
  // Not by every(), which passes over the holes of an array.
  const wrong = Array.from(indices).findIndex((index) =>
    !(Number.isInteger(index) && index >= 0 && index < count)
  );
  if (wrong >= 0) {
    throw new RangeError(
      `coupling ${name}: expected whole numbers below ${count}, got ${indices[wrong]} at ${wrong}`,
    );
  }
}

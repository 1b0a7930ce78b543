import { FailureError } from "../../core/errors.ts";
import { throwIfStopped } from "../../core/stop.ts";
import type { SimdChoice } from "../../threads/simd_module.ts";
import { type RegressionShape, usefulThreads } from "./regression_sizes.ts";
import { type RegressionInputs, RegressionSteps } from "./regression_steps.ts";

/**
 * Mean squared errors of batches of rows, with the kernels of training: a fiftieth of the time of
 * tensor operations. Their bits depend neither on the threads nor on the other batches.
 *
 * @param shape Of one batch.
 * @param weights Flat, in device order.
 * @param options.batches Number of batches.
 * @param options.fill Fills in the inputs of a batch.
 * @returns [batches * rows].
 * @throws {Stopped} If a stop is asked for.
 */
export async function regressionLosses(
  shape: Pick<RegressionShape, "dims" | "hidden" | "rows">,
  weights: Float32Array,
  { batches, fill, threads, build }: {
    readonly batches: number;
    readonly fill: (batch: number, inputs: RegressionInputs) => void;
    readonly threads: number;
    readonly build: SimdChoice;
  },
): Promise<Float32Array> {
  const evaluated = { ...shape, averages: false, evaluates: true }, { rows } = shape;
  const moments = new Float32Array(weights.length);
  const state = { weights, average: null, m: moments, v: moments };
  const losses = new Float32Array(batches * rows);
  const regression = await RegressionSteps.start(evaluated, state, {
    ...{ threads: usefulThreads(evaluated, threads), build, clip: 0, weightDecay: 0 },
  });
  try {
    for (let first = 0; first < batches;) {
      const count = Math.min(regression.mostSteps, batches - first);
      for (let i = 0; i < count; i++) fill(first + i, regression.inputs(i));
      const settings = Array.from(
        { length: count },
        (_, i) => ({ step: i, lr: 0, averageDecay: 0 }),
      );
      if (regression.run(settings).length < count) {
        throwIfStopped();
        throw new FailureError("regression: an evaluation ended early");
      }
      for (let i = 0; i < count; i++) losses.set(regression.rowLosses(i), (first + i) * rows);
      first += count;
    }
    return losses;
  } finally {
    regression.dispose();
  }
}

import { blockBytes } from "../../ode/engines/cpu/job_sizes.ts";
import { FailureError } from "../../core/errors.ts";
import { throwIfStopped } from "../../core/stop.ts";
import type { SimdChoice } from "../../threads/simd_module.ts";
import { regressionArrays, type RegressionShape, usefulThreads } from "./regression_sizes.ts";
import { type RegressionInputs, RegressionSteps } from "./regression_steps.ts";

/** Largest size of a regression that is kept. */
const KEPT_BYTES = 2 ** 23;

/**
 * Regressions of rows that are evaluated again with other weights, by name: their inputs stay filled
 * in, which take as long as the evaluation of a small network. Dispose it.
 */
export class RegressionCache implements Disposable {
  readonly #kept = new Map<string, RegressionSteps>();

  /** Takes out the regression of a name. */
  take(name: string): RegressionSteps | undefined {
    const regression = this.#kept.get(name);
    this.#kept.delete(name);
    return regression;
  }

  /** Keeps a regression for the next evaluation of the same rows, with the same draws. */
  put(name: string, regression: RegressionSteps): void {
    this.#kept.set(name, regression);
  }

  [Symbol.dispose](): void {
    for (const regression of this.#kept.values()) regression.dispose();
    this.#kept.clear();
  }
}

/**
 * Mean squared errors of batches of rows, with the kernels of training: a fiftieth of the time of
 * tensor operations. Their bits depend neither on the threads nor on the other batches.
 *
 * @param shape Of one batch.
 * @param weights Flat, in device order.
 * @param options.batches Number of batches.
 * @param options.fill Fills in the inputs of a batch.
 * @param options.kept Where the regression is kept, and the name of the rows and their draws; a
 *   regression that was kept is not filled in again.
 * @returns [batches * rows].
 * @throws {Stopped} If a stop is asked for.
 */
export async function regressionLosses(
  shape: Pick<RegressionShape, "dims" | "hidden" | "rows">,
  weights: Float32Array,
  { batches, fill, threads, build, kept }: {
    readonly batches: number;
    readonly fill: (batch: number, inputs: RegressionInputs) => void;
    readonly threads: number;
    readonly build: SimdChoice;
    readonly kept?: { readonly regressions: RegressionCache; readonly name: string } | undefined;
  },
): Promise<Float32Array> {
  const evaluated = { ...shape, averages: false, evaluates: true }, { rows } = shape;
  const losses = new Float32Array(batches * rows);
  const found = kept?.regressions.take(kept.name);
  const regression = found ?? await started(evaluated, weights, { threads, build });
  const isKept = kept !== undefined && batches <= regression.mostSteps &&
    blockBytes(regressionArrays(evaluated)) <= KEPT_BYTES;
  let isDone = false;
  try {
    if (found !== undefined) regression.replaceWeights(weights);
    for (let first = 0; first < batches;) {
      const count = Math.min(regression.mostSteps, batches - first);
      if (found === undefined) {
        for (let i = 0; i < count; i++) fill(first + i, regression.inputs(i));
      }
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
    isDone = true;
    return losses;
  } finally {
    if (isDone && isKept) kept.regressions.put(kept.name, regression);
    else regression.dispose();
  }
}

async function started(
  evaluated: RegressionShape,
  weights: Float32Array,
  { threads, build }: { readonly threads: number; readonly build: SimdChoice },
): Promise<RegressionSteps> {
  const moments = new Float32Array(weights.length);
  const state = { weights, average: null, m: moments, v: moments };
  return await RegressionSteps.start(evaluated, state, {
    ...{ threads: usefulThreads(evaluated, threads), build, clip: 0, weightDecay: 0 },
  });
}

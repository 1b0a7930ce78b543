import type { BackendKind } from "../backends/backend.ts";
import { throwIfStopped } from "../core/stop.ts";
import { compareGradients, type GradientComparison } from "./evaluation/gradient_comparison.ts";
import type { ReportedRun } from "./reported_run.ts";
import { RunModelCache } from "./run_model_cache.ts";

/** Options of {@link compareRunGradients}. */
export interface RunGradientOptions {
  /** Backend; `auto` chooses. */
  readonly backend: "auto" | BackendKind;
  /** Seed of Hutchinson's probes. */
  readonly seed: number;
  /** Draws of the probes; at least 2. */
  readonly draws: number;
  /** Timed repetitions of each way. */
  readonly repeats: number;
}

/** rtol and atol of the compared solves: as in training, and as for reported likelihoods. */
const TOLERANCES = [1e-3, 1e-5] as const;

/**
 * Compares the ways to compute the gradient of a CNF on points at the run's weights, on its first
 * training rows, as many as a batch.
 *
 * @throws {RangeError} If the run is not of points.
 * @throws {FailureError} If a solve fails.
 */
export async function compareRunGradients(
  run: ReportedRun,
  { backend, ...options }: RunGradientOptions,
): Promise<GradientComparison> {
  const { config: { batchSize, controlGroup }, dataset } = run;
  if (dataset.kind !== "points") {
    throw new RangeError(`compareRunGradients: expected points, got ${dataset.kind}`);
  }
  using models = new RunModelCache(backend);
  const { model, engines } = await models.of(run);
  return await compareGradients(model, engines, {
    ...options,
    batch: dataset.train.points.slice(0, batchSize * dataset.dims),
    tolerances: TOLERANCES,
    controlGroup,
    async onSolve() {
      // CPU work never yields to the event loop, so yield here to let Ctrl-C be handled.
      await new Promise((resolve) => setTimeout(resolve, 0));
      throwIfStopped();
    },
  });
}

import { evenly } from "../core/numbers/evenly.ts";
import { dataTime, priorTime } from "../flows/model.ts";
import { sample } from "../flows/sample.ts";
import type { PointValues } from "../flows/standardization.ts";
import { accurateSolveOf, type RunContext } from "./run_context.ts";

/** Trajectories of a run's samples. */
export interface SampledTrajectories {
  /** Times from the prior's to the data's. */
  readonly times: readonly number[];
  /** [times][n * w], the noise first. */
  readonly states: readonly PointValues[];
}

/**
 * Returns a function that draws a run's samples on the first call and then returns the same ones.
 *
 * @param options.times Number of times.
 */
export function drawnOnce(
  context: RunContext,
  { count, times: timeCount }: { readonly count: number; readonly times: number },
): () => Promise<SampledTrajectories> {
  let drawn: Promise<SampledTrajectories> | null = null;
  const draw = async (): Promise<SampledTrajectories> => {
    const { model, engines } = await context.open();
    const times = evenly(priorTime(model.kind), dataTime(model.kind), timeCount);
    const { states } = await sample(model, engines, {
      count,
      seed: context.seed,
      settings: accurateSolveOf(context.run),
      times,
    });
    return { times, states };
  };
  return () => drawn ??= draw();
}

import type { ModelName, TrainOptions } from "@fluxion/fluxion/options";
import { type RunSummary, summarizeRun } from "@fluxion/fluxion/runs";
import { exists, userPath } from "../../paths.ts";
import { withPaths } from "../../runs/option_paths.ts";
import type { SweepFlags } from "./flags.ts";
import { type Grid, gridOf } from "./grid.ts";

/** A run of a sweep with its folder; all paths are absolute. */
export interface PlacedRun {
  readonly name: string;
  readonly folder: string;
  readonly options: TrainOptions;
  /** The config file, if there is one. */
  readonly config: string | undefined;
}

/** The runs of a sweep with their folders. */
export async function placeRuns(
  flags: SweepFlags,
): Promise<Pick<Grid, "axes"> & { readonly folder: string; readonly runs: readonly PlacedRun[] }> {
  const { axes, runs } = gridOf(flags);
  const folder = userPath(flags.runDir).replace(/\/+$/, "");
  const config = flags.config === undefined ? undefined : userPath(flags.config);
  const placed: PlacedRun[] = [];
  for (const { name, options } of runs) {
    placed.push({
      name,
      folder: `${folder}/${name}`,
      options: await withPaths(options),
      config,
    });
  }
  return { axes, folder, runs: placed };
}

/** What is there of a run; null if nothing is. */
export async function summaryOf({ folder }: PlacedRun): Promise<RunSummary | null> {
  return await exists(`${folder}/config.json`) ? await summarizeRun(folder) : null;
}

/**
 * Whether nothing is left to train: the run is finished with the given options. With a config file
 * `train` decides.
 */
export function isFinished(
  model: ModelName,
  { options, config }: PlacedRun,
  summary: RunSummary | null,
): boolean {
  if (summary?.state.kind !== "finished" || config !== undefined) return false;
  const stored = summary.options!;
  return stored.model === model &&
    Object.entries(options).every(([name, value]) =>
      String(stored[name as keyof TrainOptions]) === String(value)
    );
}

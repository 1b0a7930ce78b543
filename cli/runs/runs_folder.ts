import { InputError } from "@fluxion/fluxion/core";
import { isShippedModel } from "@fluxion/fluxion/options";
import { latestRun, listRuns } from "@fluxion/fluxion/runs";
import { exists, isFolder, shownPath, userFolder, userPath } from "../paths.ts";

/** The folder of runs in the user's working directory. */
export function runsFolder(): string {
  return `${userFolder()}/runs`;
}

/**
 * The folder of RUN: a path, or `latest`.
 *
 * @throws {InputError} If it is the name of a model that comes with Fluxion, which has none.
 */
export async function runFolder(run: string): Promise<string> {
  if (isShippedModel(run)) {
    throw new InputError(
      `${run}: comes with Fluxion and has no run folder, so no log and no pictures of its training; ` +
        "sample, log-prob, eval, plot and compare take it, and train fm can start from it; " +
        `a folder of that name is ./${run}`,
    );
  }
  return run === "latest" ? await latestRun(runsFolder()) : userPath(run).replace(/\/+$/, "");
}

/** Absolute paths of the runs in a folder, the newest first; none if it is a run itself, or no folder. */
export async function runsInside(folder: string): Promise<string[]> {
  if (!await isFolder(folder)) return [];
  const { runs } = await listRuns(folder);
  return runs.map(({ run }) => run).filter((run) => run !== folder);
}

/**
 * The folder of a RUN that must be there.
 *
 * @throws {InputError} If nothing is, or a folder that holds runs and is none.
 */
export async function existingRunFolder(run: string): Promise<string> {
  const folder = await runFolder(run);
  if (await exists(folder)) {
    const inside = await runsInside(folder);
    if (inside.length === 0) return folder;
    const many = inside.length === 1 ? "1 run" : `${inside.length} runs`;
    throw new InputError(
      `${run}: is no run and holds ${many}; name one, such as ${shownPath(inside[0]!)}`,
    );
  }
  const hint = await exists(`${runsFolder()}/${run}`)
    ? `did you mean runs/${run}?`
    : "fluxion runs lists those in runs/";
  throw new InputError(`${run}: there is no such run; ${hint}`);
}

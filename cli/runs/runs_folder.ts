import { InputError } from "@fluxion/fluxion/core";
import { isShippedModel } from "@fluxion/fluxion/options";
import { latestRun } from "@fluxion/fluxion/runs";
import { exists, userFolder, userPath } from "../paths.ts";

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

/**
 * The folder of a RUN that must be there.
 *
 * @throws {InputError} If nothing is.
 */
export async function existingRunFolder(run: string): Promise<string> {
  const folder = await runFolder(run);
  if (await exists(folder)) return folder;
  const hint = await exists(`${runsFolder()}/${run}`)
    ? `did you mean runs/${run}?`
    : "fluxion runs lists those in runs/";
  throw new InputError(`${run}: there is no such run; ${hint}`);
}

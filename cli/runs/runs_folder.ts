import { latestRun } from "@fluxion/fluxion/runs";
import { userFolder, userPath } from "../paths.ts";

/** The folder of runs in the user's working directory. */
export function runsFolder(): string {
  return `${userFolder()}/runs`;
}

/** The folder of RUN: a path, or `latest`. */
export async function runFolder(run: string): Promise<string> {
  return run === "latest" ? await latestRun(runsFolder()) : userPath(run).replace(/\/+$/, "");
}

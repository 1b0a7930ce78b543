import { InputError } from "@fluxion/fluxion/core";
import {
  dataDirectory,
  type DataOptions,
  type Dataset,
  datasetNames,
  fileKind,
  openDataset,
  type OpenOptions,
} from "@fluxion/fluxion/data";
import { shownPath, userPath } from "../paths.ts";
import { readStdin } from "../terminal/stdin.ts";
import { option } from "@fluxion/fluxion/options";

/** Folder of downloaded data sets, or null if the system has no suitable place. */
export function dataFolder(): string | null {
  const folder = dataDirectory((name) => Deno.env.get(name), Deno.build.os);
  return folder === null ? null : userPath(folder);
}

/**
 * Makes a file's name an absolute path, so that a run can be used from another folder; returns the
 * name of a built-in data set unchanged.
 */
export async function dataName(name: string): Promise<string> {
  if (name === "-" || datasetNames.includes(name)) return name;
  const path = userPath(name).replace(/(?<=[^/\\])[/\\]+$/, "");
  return await fileKind(path) === null ? name : path;
}

/**
 * Opens a data set by name, file, or `-` for the standard input.
 *
 * @param options.fromRun The name is from a run's config, so `-` is no longer available, and a file
 *   may have moved: what the user of this command can do then.
 * @throws {InputError} If there is no such data set, or the file is not one.
 */
export async function openData(
  name: string,
  { fromRun, ...options }: DataOptions & Pick<OpenOptions, "ownSha256"> & {
    readonly fromRun?: "nameOthers" | "putBack";
  },
): Promise<Dataset> {
  if (fromRun !== undefined && name === "-") {
    throw new InputError(
      `the run's data came from the standard input and are gone; give ${
        option("data")
      } NAME or FILE`,
    );
  }
  if (fromRun !== undefined && !datasetNames.includes(name) && await fileKind(name) === null) {
    const remedy = fromRun === "putBack"
      ? "put it back there"
      : `if it was moved, say where with ${option("data")} FILE`;
    throw new InputError(
      `${shownPath(name)}: no such file, on which the run was trained; ${remedy}`,
    );
  }
  return await openDataset(await dataName(name), {
    ...options,
    dataDir: dataFolder(),
    readStdin,
  });
}

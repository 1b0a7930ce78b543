import type { DataIdentity, Dataset } from "../../data/dataset.ts";
import { fileKind } from "../../data/input_file.ts";
import { InputError } from "../../core/errors.ts";
import { option } from "../../core/options/spelling.ts";
import { named } from "../../core/quoted.ts";
import type { TrainConfig } from "../options/table.ts";
import type { RunConfig } from "../run/load_run.ts";

/** The content of the files that a run was trained on. */
export type RunFiles = Pick<RunConfig, "dataFile" | "testFile">;

/** The content of the files of a data set; null where it has none. */
export function filesOf({ identity, testIdentity }: Dataset): RunFiles {
  return { dataFile: identity ?? null, testFile: testIdentity ?? null };
}

/** The options whose files may have moved: the run knows their content. */
export function movableFiles({ dataFile, testFile }: RunFiles): readonly ("data" | "testData")[] {
  return [
    ...(dataFile === null ? [] : ["data"] as const),
    ...(testFile === null ? [] : ["testData"] as const),
  ];
}

/**
 * Checks that a resumed run gets the data that it was started with, wherever they are.
 *
 * @throws {InputError} If a file has other bytes, or is none. Runs of versions that did not record
 *   the content take any.
 */
export function requireSameData(
  stored: RunFiles & Pick<RunConfig, "config">,
  given: { readonly config: TrainConfig; readonly dataset: Dataset },
): void {
  const found = filesOf(given.dataset);
  for (const key of ["data", "testData"] as const) {
    const [was, is] = key === "data"
      ? [stored.dataFile, found.dataFile]
      : [stored.testFile, found.testFile];
    if (was === null || was.sha256 === is?.sha256) continue;
    const [before, now] = [stored.config[key] ?? "", given.config[key] ?? ""];
    throw new InputError(
      `${option(key, now)}: has other bytes than the run was started with: ${words(is)}; ` +
        `${before === now ? "they were" : `${named(before)} was`} ${words(was)}: give the file ` +
        `that has these, or ${option("dataChanged", true)} to go on with the other`,
    );
  }
}

/**
 * Checks that the file of a run is still where it was, unless another path is given.
 *
 * @throws {InputError} If it is gone, with what names its new path.
 */
export async function requireFilesThere(
  stored: RunFiles & Pick<RunConfig, "config">,
  config: TrainConfig,
): Promise<void> {
  for (const key of movableFiles(stored)) {
    const path = config[key];
    if (path === undefined || path === "-" || path !== stored.config[key]) continue;
    if (await fileKind(path) !== null) continue;
    throw new InputError(
      `${path}: no such file, on which the run was trained; if it was moved, say where with ` +
        `${option(key)} FILE`,
    );
  }
}

function words(identity: DataIdentity | null): string {
  if (identity === null) return "no file";
  const { sha256, rows, columns } = identity;
  return `${rows} rows of ${columns} columns, SHA-256 ${sha256.slice(0, 12)}...`;
}

import { InputError } from "@fluxion/fluxion/core";
import {
  readReportedRun,
  type ReportDocument,
  reportDocument,
  type ReportedRun,
  type ReportOptions,
} from "@fluxion/fluxion/report";
import type { Theorem, TheoremName } from "@fluxion/fluxion/theory";
import { openData } from "../../runs/open_data.ts";
import { version } from "../../version.ts";
import { shownPath } from "../../paths.ts";
import { homeworkChapters, introduction, problems, type Solved } from "./chapters.ts";
import { type HomeworkOptions, readCheck, readGradients, readSelfTests, runOf } from "./folder.ts";
import type { TrainingName } from "./trainings.ts";

/** Options of {@link homeworkDocument}. */
export interface HomeworkReport extends Pick<ReportOptions, "command" | "folder" | "onProgress"> {
  readonly options: HomeworkOptions;
  readonly loadTheorem: (name: TheoremName) => Promise<Theorem>;
}

/**
 * Computes the report of a homework whose theorems are checked and whose runs are trained.
 *
 * @param folder Absolute path.
 * @throws {InputError} If the self-tests or the comparison of gradients are missing.
 */
export async function homeworkDocument(
  folder: string,
  { options, loadTheorem, ...making }: HomeworkReport,
): Promise<ReportDocument> {
  const solved = await Promise.all(problems.map(async ({ name }): Promise<Solved> => ({
    theorem: await loadTheorem(name),
    check: (await readCheck(folder, name))!,
  })));
  const read = (training: TrainingName) => readTrained(folder, training);
  const runs = { cnf: await read("cnf"), fm: await read("fm"), fmUnet: await read("fmUnet") };
  const selfTests = await readSelfTests(folder), gradients = await readGradients(folder);
  if (selfTests === null || gradients === null) {
    throw new InputError(
      `${shownPath(folder)}: not complete; do the rest with ${making.command}`,
    );
  }
  return await reportDocument(homeworkChapters({ solved, selfTests, runs, gradients }), {
    ...making,
    title: "Flow models: the homework, solved",
    subtitle: `Fluxion ${version}, ${options.size} size, seed ${options.seed}`,
    introduction,
    version,
    seed: options.seed,
    backend: options.backend,
  });
}

/** Reads one of a homework's runs. */
export async function readTrained(folder: string, training: TrainingName): Promise<ReportedRun> {
  const run = runOf(folder, training);
  return await readReportedRun(run, { name: shownPath(run), openDataset: openData });
}

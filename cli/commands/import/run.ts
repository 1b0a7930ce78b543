import { importWeights as importRun } from "@fluxion/fluxion/program";
import { runFile } from "@fluxion/fluxion/runs";
import type { ImportFlags } from "./flags.ts";
import { shownPath, userPath } from "../../paths.ts";
import { printLine, writeResult } from "../../terminal/terminal.ts";
import { dataName, openData } from "../../runs/open_data.ts";
import { runsFolder } from "../../runs/runs_folder.ts";

/** `fluxion import cnf|fm FILE`. */
export async function importWeights(
  model: "cnf" | "fm",
  file: string,
  flags: ImportFlags,
): Promise<void> {
  const { run } = await importRun(model, userPath(file), {
    runsFolder: runsFolder(),
    mode: flags.overwrite ? "overwrite" : "new",
    ...(flags.run === undefined ? {} : { run: userPath(flags.run) }),
    ...(flags.prefix === undefined ? {} : { prefix: flags.prefix }),
    ...(flags.data === undefined ? {} : { data: await dataName(flags.data) }),
    openDataset: openData,
  });
  if (flags.json) writeResult(await Deno.readTextFile(runFile(run, "metrics")));
  else printLine(shownPath(run));
}

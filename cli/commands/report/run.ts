import { commandLine, InputError, throwIfStopped } from "@fluxion/fluxion/core";
import {
  readReportedRun,
  reportDocument,
  type ReportPart,
  reportPlace,
  runCheck,
  type TheoremPart,
  writeReport,
} from "@fluxion/fluxion/report";
import { loadTheorem, theoremNames } from "@fluxion/fluxion/theory";
import type { ReportFlags } from "./flags.ts";
import { version } from "../../version.ts";
import { interruptible } from "../../process/interrupt.ts";
import { exists, folderInWords, outputPath, shownPath } from "../../paths.ts";
import { type Progress, showProgress } from "../../terminal/progress.ts";
import { printLine, speaker } from "../../terminal/terminal.ts";
import { openData } from "../../runs/open_data.ts";
import { namedRuns } from "../../runs/named_runs.ts";
import { existingRunFolder } from "../../runs/runs_folder.ts";

/** `fluxion report RUN...`. */
export async function report(flags: ReportFlags, ...runs: string[]): Promise<void> {
  const messages = { notice: "stopping", outcome: "interrupted; nothing was written" };
  await interruptible(messages, () => makeReport(flags, runs));
}

async function makeReport(flags: ReportFlags, runs: readonly string[]): Promise<void> {
  const out = flags.out!;
  const place = reportPlace(await outputPath(out, flags));
  if (place.pictures !== null && !flags.overwrite && await exists(place.pictures)) {
    throw new InputError(
      `--out ${out}: its folder of pictures ${shownPath(place.pictures)} exists; ` +
        "pass --overwrite to replace it",
    );
  }
  // Read all runs before computing anything, so that errors are reported at once.
  const parts: ReportPart[] = [];
  for (const run of await namedRuns(runs)) {
    const folder = await existingRunFolder(run);
    parts.push({
      kind: "run",
      run: await readReportedRun(folder, {
        name: shownPath(folder),
        openDataset: (name, options) => openData(name, { ...options, fromRun: "putBack" }),
        choice: flags.weights,
      }),
    });
  }
  const failures: { readonly label: string; readonly reason: string }[] = [];
  const progress = showProgress({ what: "piece", quiet: flags.quiet });
  try {
    if (flags.theory) parts.push(...await checkedTheorems(flags, progress));
    const document = await reportDocument(parts, {
      title: titleOf(parts),
      subtitle: `Made by Fluxion ${version} on ${new Date().toISOString().slice(0, 10)}.`,
      introduction: "",
      command: commandLine(flags.overwrite ? Deno.args : [...Deno.args, "--overwrite"]),
      folder: folderInWords(place.path),
      version,
      seed: flags.seed ?? 0,
      backend: flags.backend ?? "auto",
      threads: flags.threads,
      portableBits: flags.portableBits,
      onProgress: progress.update,
      onFailure: (label, reason) => failures.push({ label, reason }),
    });
    await writeReport(document, place);
    progress.clear();
    const say = speaker({ quiet: flags.quiet ?? false });
    for (const { label, reason } of failures) say(`not in the report: ${label}: ${reason}`);
    const path = shownPath(place.path);
    if (!flags.json) return printLine(path);
    const outcomes = document.sections.flatMap(({ title, outcome }) =>
      outcome === null ? [] : [{ title, outcome }]
    );
    printLine(JSON.stringify({ path, outcomes, failures }));
  } finally {
    progress.clear();
  }
}

/** Checks all theorems. */
async function checkedTheorems(
  { seed = 0, backend = "auto" }: ReportFlags,
  progress: Progress,
): Promise<TheoremPart[]> {
  const parts: TheoremPart[] = [];
  for (const name of theoremNames) {
    throwIfStopped();
    const theorem = await loadTheorem(name);
    progress.update({
      done: parts.length,
      total: theoremNames.length,
      label: `check of ${name}`,
    });
    const { check } = await runCheck(theorem, { seed, backend });
    parts.push({ kind: "theorem", theorem, check });
  }
  return parts;
}

function titleOf(parts: readonly ReportPart[]): string {
  const [only] = parts;
  return parts.length === 1 && only?.kind === "run" ? `Report of ${only.run.name}` : "Report";
}

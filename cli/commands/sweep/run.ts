import { commandLine } from "@fluxion/fluxion/core";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import { type ModelName, netOfData, type TrainOptions } from "@fluxion/fluxion/options";
import { exists, shownPath } from "../../paths.ts";
import { programAnywhere } from "../../program_form.ts";
import { interruptible } from "../../process/interrupt.ts";
import { summaryJson } from "../../runs/run_figures.ts";
import { Interrupted, PartlyFailed } from "../../terminal/errors.ts";
import { columns } from "../../terminal/columns.ts";
import { estimate, showProgress } from "../../terminal/progress.ts";
import { printLine, type Say, sayError, speaker } from "../../terminal/terminal.ts";
import type { SweepFlags } from "./flags.ts";
import { parseShard } from "./grid.ts";
import { jobLine } from "./job_lines.ts";
import type { JobEnd } from "./job_messages.ts";
import { type Job, runJobs } from "./job_pool.ts";
import { isFinished, type PlacedRun, placeRuns, summaryOf } from "./placed_run.ts";
import { type FoundRun, sweepTable, tableText } from "./sweep_table.ts";

/** `fluxion sweep train cnf|fm`. */
export async function sweep(model: ModelName, flags: SweepFlags): Promise<void> {
  const { axes, folder, runs } = await placeRuns(flags);
  const shard = flags.shard === undefined ? { index: 0, count: 1 } : parseShard(flags.shard);
  const own = runs.filter((_, i) => i % shard.count === shard.index);
  const say = speaker(flags);
  if (flags.writeJobs) {
    const file = `${folder}/jobs.sh`;
    const program = programAnywhere();
    const lines = own.map((run) => `${jobLine(model, run, program)}\n`);
    await Deno.mkdir(folder, { recursive: true });
    await writeFileAtomic(file, lines.join(""));
    const needs = program === "fluxion" ? "; they call fluxion, which must be on the PATH" : "";
    say(`${lines.length} lines, one per run${needs}`);
    return printLine(shownPath(file));
  }
  const failed = flags.table ? [] : await trainAll(model, flags, { own, say });
  if (failed === null) return;
  const found: FoundRun[] = [];
  for (const placed of runs) {
    const summary = await summaryOf(placed);
    if (summary !== null) found.push({ placed, summary });
  }
  const isDone = found.filter(({ summary }) => summary.state.kind === "finished");
  // Of many shards, only the last to end has all runs.
  if (flags.shard === undefined || isDone.length === runs.length) {
    printTable({ axes, found, failed, flags, folder });
  }
  const names = failed.map(({ name }) => name);
  if (isDone.length < runs.length) {
    say(`${isDone.length} of ${runs.length} runs of ${shownPath(folder)} are finished`);
  }
  if (names.length > 0) {
    const many = names.length === 1 ? "1 run" : `${names.length} runs`;
    sayError(`${many} failed: ${names.join(", ")}; the same command tries again`);
    const isInput = failed.every(({ exitCode }) => exitCode === 2);
    throw new PartlyFailed(`${many} failed`, isInput ? 2 : 1);
  }
}

interface FailedRun {
  readonly name: string;
  readonly message: string;
  readonly exitCode: number;
}

/** Trains what is not finished; null if that was only listed. Returns the runs that failed. */
async function trainAll(
  model: ModelName,
  flags: SweepFlags,
  { own, say }: { readonly own: readonly PlacedRun[]; readonly say: Say },
): Promise<readonly FailedRun[] | null> {
  const left: PlacedRun[] = [];
  for (const run of own) {
    const summary = await summaryOf(run);
    if (isFinished(model, run, summary)) continue;
    if (summary?.state.kind === "running") {
      say(`${run.name}: another process is training it; left to that one`);
      continue;
    }
    left.push(run);
  }
  if (flags.dryRun) {
    for (const run of left) printLine(jobLine(model, run, programAnywhere()));
    return null;
  }
  if (left.length < own.length) say(`${own.length - left.length} of ${own.length} runs are done`);
  if (left.length === 0) return [];
  const { workers, threads } = divided(model, flags, left);
  const jobs = await Promise.all(
    left.map(async ({ name, folder, options, config }): Promise<Job> => ({
      name,
      flags: {
        ...(threads === null ? {} : { threads }),
        ...options,
        run: folder,
        ...(config === undefined ? {} : { config }),
        ...(await exists(`${folder}/config.json`) ? { resume: true } : {}),
        quiet: true,
      },
    })),
  );
  const each = threads === null
    ? ""
    : `, ${threads === 1 ? "1 thread" : `${threads} threads`} each`;
  const many = jobs.length === 1 ? "1 run" : `${jobs.length} runs`;
  say(`training ${many}, ${Math.min(workers, jobs.length)} at a time${each}`);
  return await trained(jobs, { model, workers, flags, say });
}

async function trained(
  jobs: readonly Job[],
  { model, workers, flags, say }: {
    readonly model: ModelName;
    readonly workers: number;
    readonly flags: SweepFlags;
    readonly say: Say;
  },
): Promise<readonly FailedRun[]> {
  const failed: FailedRun[] = [];
  const startedMs = performance.now();
  const shares = new Map<string, number>();
  const progress = showProgress({ what: "run", quiet: flags.quiet });
  let ended = 0, interrupted = 0;
  const onEnd = ({ name }: Job, end: JobEnd) => {
    progress.clear();
    shares.set(name, 1);
    ended++;
    switch (end.kind) {
      case "finished":
        return say(`${name}: finished`);
      case "interrupted":
        interrupted++;
        return;
      case "failed":
        failed.push({ name, message: end.message, exitCode: end.exitCode });
        return sayError(`${name}: ${end.message}`);
      default:
        end satisfies never;
    }
  };
  const outcome = `interrupted; the same command goes on: ${commandLine(Deno.args)}`;
  await interruptible({ notice: "stopping", outcome }, async (signal) => {
    try {
      await runJobs(jobs, {
        model,
        workers,
        signal,
        hooks: {
          onProgress({ name }, step, steps) {
            shares.set(name, steps === 0 ? 1 : step / steps);
            const done = [...shares.values()].reduce((sum, share) => sum + share, 0);
            const seconds = (performance.now() - startedMs) / 1000;
            const left = `${estimate(seconds / Math.max(done, 1e-9) * (jobs.length - done))} left`;
            progress.update({
              done: ended,
              total: jobs.length,
              left,
              label: `${name} step ${step}/${steps}`,
            });
          },
          onEnd,
        },
      });
    } finally {
      progress.clear();
    }
    if (signal.aborted || interrupted > 0) throw new Interrupted(outcome);
  });
  return failed;
}

/** How many runs are trained at the same time, and the threads of each (null: as given). */
function divided(
  model: ModelName,
  flags: SweepFlags,
  runs: readonly PlacedRun[],
): { readonly workers: number; readonly threads: number | null } {
  const cores = navigator.hardwareConcurrency;
  const given = flags.threads !== undefined;
  // A batch of images occupies all threads and a gigabyte; points gain little from more than one.
  const hasImages = runs.some(({ options }) => isOfImages(model, options));
  const most = Math.min(runs.length, hasImages ? 1 : cores);
  const workers = Math.min(flags.jobs ?? most, runs.length);
  return { workers, threads: given ? null : Math.max(1, Math.floor(cores / workers)) };
}

function isOfImages(model: ModelName, { data, net, backend }: TrainOptions): boolean {
  if (backend === "webgpu") return true;
  if (model === "cnf" || net === "mlp") return false;
  return net !== undefined || data === undefined || netOfData(data) !== "mlp";
}

function printTable({ axes, found, failed, flags, folder }: {
  readonly axes: Parameters<typeof sweepTable>[0];
  readonly found: readonly FoundRun[];
  readonly failed: readonly FailedRun[];
  readonly flags: SweepFlags;
  readonly folder: string;
}): void {
  const made = sweepTable(axes, found);
  if (flags.json) {
    const runs = found.map(({ placed, summary }) => ({
      name: placed.name,
      ...summaryJson(summary),
    }));
    const failures = failed.map(({ name, message }) => ({ name, message }));
    return printLine(
      JSON.stringify({ runDir: shownPath(folder), ...made, runs, failed: failures }),
    );
  }
  if (made.rows.length === 0) return;
  printLine(tableText(made, Deno.stdout.isTerminal() ? columns() : null));
  const warn = speaker(flags);
  if (axes.some(({ name }) => name === "data")) {
    warn("the rows are of different data, so their losses are not comparable");
  }
}

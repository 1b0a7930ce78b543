import { dataWidth } from "../flows/standardization.ts";
import type { Dataset } from "../data/dataset.ts";
import { readOwn } from "../core/files/own_file.ts";
import { commandLine } from "../core/command_line.ts";
import { InputError } from "../core/errors.ts";
import { flowValueKeys, requireSameValues } from "../train/config/flow_values.ts";
import { dataOptionsOf, type ReadRun, readRun, type WeightsChoice } from "../train/run/load_run.ts";
import { epochOf, runFile, samplesFile } from "../train/run/run_folder.ts";
import type { RunMetrics } from "../train/run/run_metrics.ts";
import { readMetrics } from "../train/run/run_metrics.ts";
import { readLog, type TrainingLog } from "../train/run/training_log.ts";
import type { DatasetOpener } from "../train/training_plan.ts";

/** Largest number of epoch pictures in a report, including the first and the last. */
const MOST_EPOCHS = 6;

/** Size limit of a picture: 64 MiB, a hundred times a grid of samples. */
const MOST_PICTURE_BYTES = 2 ** 26;

/** Picture of a run's samples after an epoch. */
export interface EpochSamples {
  /** Epoch, from 1. */
  readonly epoch: number;
  /** A PNG file. */
  readonly png: Uint8Array;
}

/** The content of a run's folder, and its data. */
export interface ReportedRun extends ReadRun {
  /** The folder as in the user's command. */
  readonly name: string;
  /** Which of its weights are shown; undefined: those that the run gives. */
  readonly choice?: WeightsChoice | undefined;
  /** The run's own data set. */
  readonly dataset: Dataset;
  /** Training log. */
  readonly log: TrainingLog;
  /** Content of `metrics.json`. */
  readonly metrics: RunMetrics;
  /** The pictures `samples/epoch-0001.png`, ... to show, in ascending order; at least one. */
  readonly epochs: readonly EpochSamples[];
  /** Number of epoch pictures in the folder. */
  readonly epochCount: number;
}

/**
 * Reads and validates a run for a report without computing anything, so that an error in the last
 * of several runs is reported before pictures of the first are drawn.
 *
 * @param folder The run's folder.
 * @param options.name The folder as in the user's command, for messages.
 * @throws {InputError} If the folder is not a run or of another version, the run has no weights or
 *   no pictures of samples yet, or its data are missing or of another kind.
 */
export async function readReportedRun(
  folder: string,
  options: {
    readonly name: string;
    readonly openDataset: DatasetOpener;
    readonly choice?: WeightsChoice | undefined;
  },
): Promise<ReportedRun> {
  const { name, openDataset, choice } = options;
  const read = await readRun(folder, choice);
  requireSameValues(read.flowValues, {}, { keys: flowValueKeys.model, place: name });
  const { epochs, epochCount } = await readEpochs(folder);
  const metrics = await readMetrics(folder);
  const again = commandLine(["train", read.config.model, "--resume", "--run", name]);
  if (epochs.length === 0) {
    throw new InputError(
      `${name}: no samples yet: ${runFile(name, "samples")} has no epoch-0001.png or later; ` +
        // A run of imported weights has no training to go on with.
        (read.step === 0 && !metrics?.totalSteps
          ? `train from its weights with ${
            commandLine(["train", read.config.model, "--init", name])
          }`
          : `train it to the end of an epoch with ${again}`),
    );
  }
  const log = await readLog(runFile(folder, "log"));
  // An imported run has taken no step, and has no log.
  const missing = metrics === null ? "metrics" : log.steps.length < read.step ? "log" : null;
  if (metrics === null || missing !== null) {
    throw new InputError(
      `${name}: not complete: ${runFile(name, missing!)} is missing or damaged; ` +
        // The log cannot be recovered from other files.
        (missing === "log"
          ? `train it again with ${anew(read.config.model, name)}`
          : `finish it with ${again}`),
    );
  }
  const { data } = read.config;
  if (data === "-") {
    throw new InputError(
      `${name}: its data came from the standard input and are gone; ` +
        "train it from a file to report on it",
    );
  }
  const dataset = await openDataset(data, dataOptionsOf(read));
  const width = dataset.kind === "points"
    ? dataset.dims
    : dataset.height * dataset.width * dataset.channels;
  if (width !== dataWidth(read)) {
    throw new InputError(
      `${name}: ${data} now has rows of ${width} numbers, the model takes ` +
        `${dataWidth(read)}; bring back the data that it was trained on`,
    );
  }
  return {
    ...read,
    name,
    choice,
    dataset,
    log,
    metrics,
    epochs,
    epochCount,
  };
}

/** Command line that trains a run from scratch. */
function anew(model: string, name: string): string {
  return commandLine([
    "train",
    model,
    "--config",
    `${name}/config.json`,
    "--run",
    name,
    "--overwrite",
  ]);
}

async function readEpochs(
  folder: string,
): Promise<Pick<ReportedRun, "epochs" | "epochCount">> {
  const samples = runFile(folder, "samples");
  let files: string[];
  try {
    files = (await Array.fromAsync(Deno.readDir(samples))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return { epochs: [], epochCount: 0 };
    }
    throw error;
  }
  const all = files.map((file) => epochOf(file, "png")).filter((epoch) => epoch !== null)
    .sort((a, b) => a - b);
  const epochs: EpochSamples[] = [];
  for (const epoch of spread(all, MOST_EPOCHS)) {
    epochs.push({ epoch, png: await readOwn(samplesFile(folder, epoch), MOST_PICTURE_BYTES) });
  }
  return { epochs, epochCount: all.length };
}

/** At most `count` evenly spaced entries, including the first and the last. */
function spread<T>(entries: readonly T[], count: number): readonly T[] {
  if (entries.length <= count) return entries;
  return Array.from(
    { length: count },
    (_, i) => entries[Math.round(i * (entries.length - 1) / (count - 1))]!,
  );
}

import type { ColumnChoice } from "../../src/data/tables/columns.ts";
import type { FlowModel } from "../../src/flows/model.ts";
import { isImageNetwork } from "../../src/nn/network.ts";
import type { Engine } from "../../src/ode/engines/engine.ts";
import { engineFor } from "../../src/ode/engines/engine_for.ts";
import type { Backend } from "../../src/backends/backend.ts";
import { chooseBackend } from "../../src/backends/choose_backend.ts";
import { openBackend } from "../../src/backends/open_backend.ts";
import type { TrainConfig } from "../../src/train/config/config.ts";
import { columnsOf, loadRun, readRunConfig } from "../../src/train/run/load_run.ts";
import { latestRun, runFile } from "../../src/train/run/run_folder.ts";
import { readLog, type TrainingLog } from "../../src/train/run/training_log.ts";
import type { DeviceOptions } from "../options/device.ts";
import type { MessageOptions } from "../options/output.ts";
import type { WeightsOption } from "../options/run.ts";
import { shownPath, userFolder, userPath } from "../paths.ts";

/** The folder of runs where the user stands. */
export function runsFolder(): string {
  return `${userFolder()}/runs`;
}

/** The folder of RUN: a path, or `latest`. */
export async function runFolder(run: string): Promise<string> {
  return run === "latest" ? await latestRun(runsFolder()) : userPath(run).replace(/\/+$/, "");
}

/** A run whose model can compute. Close it. */
export interface OpenedRun {
  /** Absolute. */
  readonly folder: string;
  /** For people: the folder as they would write it. */
  readonly name: string;
  readonly config: TrainConfig;
  /** Which columns of a file are its points; undefined for a model of images. */
  readonly columns: ColumnChoice | undefined;
  readonly model: FlowModel;
  readonly backend: Backend;
  readonly engine: Engine;
  readLog(): Promise<TrainingLog>;
  close(): void;
}

/**
 * Opens a run with its model on the chosen backend.
 *
 * @throws {InputError} If there is no such run, its files are not whole, or the backend is not there.
 */
export async function openRun(
  run: string,
  options: DeviceOptions & WeightsOption & MessageOptions,
): Promise<OpenedRun> {
  const folder = await runFolder(run);
  const runConfig = await readRunConfig(folder);
  const { network } = runConfig;
  const work = isImageNetwork(network) ? "images" : "points";
  const { backend: request = "auto", threads, portableBits } = options;
  const { kind } = await chooseBackend(request, work, { portableBits });
  const backend = await openBackend(kind, { threads, portableBits });
  try {
    const { model, config } = await loadRun(folder, options.weights);
    return {
      folder,
      name: shownPath(folder),
      config,
      columns: columnsOf(runConfig),
      model,
      backend,
      engine: engineFor(kind, { threads, portableBits }),
      readLog: () => readLog(runFile(folder, "log")),
      close() {
        model.parameters.dispose();
        backend.close();
      },
    };
  } catch (error) {
    backend.close();
    throw error;
  }
}

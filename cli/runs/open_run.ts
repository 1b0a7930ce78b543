import {
  type Backend,
  columnsOf,
  type Engines,
  type FlowModel,
  isImageNetwork,
  loadRun,
  openDevice,
  readRunConfig,
} from "@fluxion/fluxion";
import type { ColumnChoice } from "@fluxion/fluxion/data";
import type { TrainConfig } from "@fluxion/fluxion/options";
import { latestRun, readLog, runFile, type TrainingLog } from "@fluxion/fluxion/runs";
import type { DeviceFlags, MessageFlags, WeightsFlags } from "../options/shared.ts";
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
  readonly engines: Engines;
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
  options: DeviceFlags & WeightsFlags & MessageFlags,
): Promise<OpenedRun> {
  const folder = await runFolder(run);
  const runConfig = await readRunConfig(folder);
  const { network } = runConfig;
  const work = isImageNetwork(network) ? "images" : "points";
  const { backend: request = "auto", threads, portableBits } = options;
  const device = await openDevice(request, { work, threads, portableBits });
  const { backend, engines } = device;
  try {
    const { model, config } = await loadRun(folder, options.weights);
    return {
      folder,
      name: shownPath(folder),
      config,
      columns: columnsOf(runConfig),
      model,
      backend,
      engines,
      readLog: () => readLog(runFile(folder, "log")),
      close() {
        model.parameters.dispose();
        device.close();
      },
    };
  } catch (error) {
    device.close();
    throw error;
  }
}

import {
  type Backend,
  dataOptionsOf,
  type Engines,
  type FlowModel,
  isImageNetwork,
  loadRun,
  openDevice,
  readRunConfig,
  type RunConfig,
  type RunDataOptions,
} from "@fluxion/fluxion";
import type { TrainConfig } from "@fluxion/fluxion/options";
import type { CoordinateOptions } from "@fluxion/fluxion/plot";
import { coordinatesOf, pictureTitle } from "@fluxion/fluxion/report/pictures";
import { readLog, runFile, type TrainingLog } from "@fluxion/fluxion/runs";
import type { DeviceFlags, MessageFlags, WeightsFlags } from "../options/shared.ts";
import { shownPath } from "../paths.ts";
import { runFolder } from "./runs_folder.ts";

/** How the pictures of a run are captioned. */
export type Captions = CoordinateOptions & { readonly title: string };

/** A run with its model on an open backend. Must be closed. */
export interface OpenedRun {
  /** Absolute path. */
  readonly folder: string;
  /** Display name: the folder relative to the user's working directory. */
  readonly name: string;
  readonly config: TrainConfig;
  readonly runConfig: RunConfig;
  /** How its data are read. */
  readonly dataOptions: RunDataOptions;
  /** Title of its pictures, names and scales of their axes. */
  readonly captions: Captions;
  readonly model: FlowModel;
  readonly backend: Backend;
  readonly engines: Engines;
  readLog(): Promise<TrainingLog>;
  close(): void;
}

/**
 * Opens a run and its model on the chosen backend.
 *
 * @throws {InputError} If there is no such run, its files are damaged, or the backend is not
 *   available.
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
    const { model, config, step } = await loadRun(folder, options.weights);
    return {
      folder,
      name: shownPath(folder),
      config,
      dataOptions: dataOptionsOf(runConfig),
      runConfig,
      captions: {
        title: pictureTitle(config, step),
        ...coordinatesOf(config, runConfig.columns),
      },
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

import {
  type Backend,
  type DataOptions,
  dataOptionsOf,
  type Engines,
  type FlowModel,
  isImageNetwork,
  loadRun,
  loadShippedModel,
  openDevice,
  readRunConfig,
  readShippedConfig,
  type RunConfig,
} from "@fluxion/fluxion/program";
import { InputError } from "@fluxion/fluxion/core";
import { isShippedModel, type TrainConfig } from "@fluxion/fluxion/options";
import type { CoordinateOptions } from "@fluxion/fluxion/plot";
import { coordinatesOf, pictureTitle } from "@fluxion/fluxion/report/pictures";
import { readLog, runFile, type TrainingLog } from "@fluxion/fluxion/runs";
import {
  type DeviceFlags,
  deviceOptions,
  type MessageFlags,
  type WeightsFlags,
} from "../options/shared.ts";
import { asTypedOptions } from "../options/spelling.ts";
import { exists, shownPath, userPath } from "../paths.ts";
import { speaker } from "../terminal/terminal.ts";
import { existingRunFolder } from "./runs_folder.ts";

/** How the pictures of a run are captioned. */
export type Captions = CoordinateOptions & { readonly title: string };

/** A run with its model on an open backend. Must be closed. */
export interface OpenedRun {
  /** Absolute path; null for a model that comes with Fluxion. */
  readonly folder: string | null;
  /** Display name: the folder relative to the user's working directory. */
  readonly name: string;
  readonly config: TrainConfig;
  readonly runConfig: RunConfig;
  /** How its data are read. */
  readonly dataOptions: DataOptions;
  /** Training steps done. */
  readonly step: number;
  /** Title of the pictures of its model, with the step of the weights; names and scales of their axes. */
  readonly captions: Captions;
  readonly model: FlowModel;
  readonly backend: Backend;
  readonly engines: Engines;
  readLog(): Promise<TrainingLog>;
  close(): void;
}

/** The config of RUN: a run's folder, `latest`, or a model that comes with Fluxion. */
export async function configOf(run: string): Promise<RunConfig> {
  return await readConfig(run, await folderOf(run));
}

/** RUN for people: its folder relative to the user's, or the name of a model that comes with Fluxion. */
export async function shownRun(run: string): Promise<string> {
  const folder = await folderOf(run);
  return folder === null ? run : shownPath(folder);
}

/** The folder of RUN; null for a model that comes with Fluxion. */
async function folderOf(run: string): Promise<string | null> {
  return isShippedModel(run) ? null : await existingRunFolder(run);
}

async function readConfig(run: string, folder: string | null): Promise<RunConfig> {
  return folder === null ? await readShippedConfig(run) : await readRunConfig(folder);
}

/** Loads the model of RUN; a shipped one has its sampling weights alone. */
async function load(
  run: string,
  folder: string | null,
  { weights, quiet }: WeightsFlags & MessageFlags,
) {
  if (folder !== null) return await loadRun(folder, weights);
  if (weights !== undefined && weights !== "ema") {
    throw new InputError(`--weights ${weights}: ${run} comes with its averaged weights alone`);
  }
  if (await exists(userPath(run))) {
    speaker({ quiet })(`${run}: the model that comes with Fluxion; the folder here is ./${run}`);
  }
  return await loadShippedModel(run);
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
  // Once: while others train, latest may be another run a moment later.
  const folder = await folderOf(run);
  const runConfig = await readConfig(run, folder);
  const { network } = runConfig;
  const work = isImageNetwork(network) ? "images" : "points";
  const { backend: request = "auto", threads, portableBits } = options;
  const device = await openDevice(request, {
    ...{ work, threads, portableBits, tensors: work === "points" ? "onDemand" : "now" },
    onSlowSolves: (remark) => speaker(options)(asTypedOptions(remark, deviceOptions)),
  });
  const { backend, engines } = device;
  try {
    const { model, config, step, weightsStep } = await load(run, folder, options);
    return {
      folder,
      name: folder === null ? run : shownPath(folder),
      config,
      dataOptions: dataOptionsOf(runConfig),
      runConfig,
      step,
      captions: {
        title: pictureTitle(config, weightsStep),
        ...coordinatesOf(config, runConfig.columns),
      },
      model,
      backend,
      engines,
      readLog: async () =>
        folder === null ? { steps: [], evaluations: [] } : await readLog(runFile(folder, "log")),
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

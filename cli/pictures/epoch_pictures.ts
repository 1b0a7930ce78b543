import {
  accurateSolve,
  dataWidth,
  type ModelRows,
  type PicturesAt,
  type PictureView,
  readRunConfig,
  sample,
  solveSettingsOf,
  type TrainStart,
} from "@fluxion/fluxion/program";
import { commandLine, InputError } from "@fluxion/fluxion/core";
import { MAX_INPUT_BYTES, readOwn, writeFileAtomic } from "@fluxion/fluxion/files";
import { decodePng } from "@fluxion/fluxion/plot";
import type { Dataset, PointDataset } from "@fluxion/fluxion/data";
import type { TrainConfig } from "@fluxion/fluxion/options";
import {
  coordinatesOf,
  curvesPicture,
  PICTURED,
  pictureTitle,
  rowKind,
  samplesPicture,
} from "@fluxion/fluxion/report/pictures";
import {
  decodeSafetensors,
  encodeSafetensors,
  epochOf,
  runFile,
  samplesFile,
  type TrainingLog,
} from "@fluxion/fluxion/runs";
import { curvesReference } from "./curves_reference.ts";
import type { Drawings } from "./drawings.ts";
import { shownPath } from "../paths.ts";

/**
 * The pictures that training writes to a run's folder. Each stores its training step and a command
 * that depends on the run only, so a resumed run has the same bytes as an uninterrupted one.
 *
 * Samples whose picture is deferred are saved to `samples/epoch-0001.safetensors` before the next
 * checkpoint, which replaces the weights that they were drawn from.
 */

/** Key of the training step in a picture's text metadata. */
const STEP = "Step";

/** Values of deferred samples. */
type Samples = Float32Array | Float64Array;

function textOf(run: string, model: string, step: number) {
  const command = commandLine(["train", model, "--config", shownPath(runFile(run, "config"))]);
  return { Command: command, [STEP]: String(step) };
}

/** Whether a picture exists, is intact, and belongs to a step. */
async function belongs(path: string, step: number): Promise<boolean> {
  try {
    return decodePng(await readOwn(path, MAX_INPUT_BYTES)).text[STEP] === String(step);
  } catch {
    return false;
  }
}

/** Adds `samples/epoch-0001.png`, drawn or deferred; all epochs share the same prior draws. */
export async function addEpoch(view: PictureView, drawings: Drawings): Promise<void> {
  const { run, epoch, step, config, model, engines } = view;
  const { network, standardization } = model;
  const { controlGroup } = config;
  // A CNF's training solver may be coarse; flow matching's is chosen for its pictures.
  const settings = model.kind === "cnf"
    ? { ...accurateSolve, controlGroup }
    : solveSettingsOf(config);
  const { samples } = await sample(model, engines, {
    count: PICTURED[rowKind(network)],
    seed: config.seed,
    settings,
  });
  const at = { run, step, epoch, network, standardization, config, dataset: view.dataset };
  await drawings.add(
    () => draw(at, samples),
    async () => {
      await makeFolder(run);
      await writeFileAtomic(deferredFile(run, epoch), encodeDeferred(at, samples));
    },
  );
}

/** Adds samples deferred by an earlier session; removes those newer than its last checkpoint. */
export async function addDeferred(start: TrainStart, drawings: Drawings): Promise<void> {
  const { run, network, standardization, config, dataset } = start;
  for (const epoch of await deferredEpochs(run)) {
    const path = deferredFile(run, epoch);
    const { step, samples } = await readDeferred(path, start);
    if (samples === null || step > start.step) await Deno.remove(path);
    else {await drawings.add(() =>
        draw({ run, step, epoch, network, standardization, config, dataset }, samples)
      );}
  }
}

/** See `TrainHooks.hasPictures`. */
export async function hasEpochs({ run, step, epoch }: PicturesAt): Promise<boolean> {
  return (await deferredEpochs(run)).length === 0 && await belongs(samplesFile(run, epoch), step);
}

/**
 * Draws `curves.png` at a step unless it exists already.
 *
 * @param at.dataset The run's, if it is open.
 * @param readLog Reads the run's log; called only to draw.
 */
export async function drawCurves(
  { run, step, dataset }: {
    readonly run: string;
    readonly step: number;
    readonly dataset: Dataset | undefined;
  },
  readLog: () => Promise<TrainingLog>,
): Promise<void> {
  if (await belongs(runFile(run, "curves"), step)) return;
  const runConfig = await readRunConfig(run);
  const { config } = runConfig;
  const bytes = await curvesPicture(await readLog(), {
    model: config.model,
    title: pictureTitle(config, step),
    text: textOf(run, config.model, step),
    reference: await curvesReference(runConfig, dataset),
  });
  if (bytes !== null) await writeFileAtomic(runFile(run, "curves"), bytes);
}

/** A picture of samples. */
interface Drawn extends PicturesAt, ModelRows {
  readonly config: TrainConfig;
  readonly dataset: Dataset;
}

/** Draws the samples of an epoch; the pictures of all epochs show the same range. */
async function draw(drawn: Drawn, samples: Samples): Promise<void> {
  const { run, step, epoch, config, dataset } = drawn;
  await makeFolder(run);
  const picture = await samplesPicture(drawn, samples, {
    title: pictureTitle(config, step),
    text: textOf(run, config.model, step),
    ...(dataset.kind === "points" ? comparedWith(dataset, config) : {}),
  });
  await writeFileAtomic(samplesFile(run, epoch), picture);
  await Deno.remove(deferredFile(run, epoch)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** The data behind an epoch's samples, which determine the axes. */
function comparedWith(dataset: PointDataset, config: TrainConfig) {
  const { dims, train: { points, count } } = dataset;
  const shown = Math.min(count, PICTURED.points);
  const rows = points.subarray(0, shown * dims);
  return {
    ...coordinatesOf(config, dataset.file?.columns ?? null),
    frame: points,
    data: { rows, label: "training points", place: "behind" },
  } as const;
}

/** Makes the folder of the pictures, but not the run's folder if that has been removed. */
async function makeFolder(run: string): Promise<void> {
  try {
    await Deno.mkdir(runFile(run, "samples"));
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound)) {
      throw error;
    }
  }
}

function deferredFile(run: string, epoch: number): string {
  return samplesFile(run, epoch).replace(/png$/, "safetensors");
}

/** Epochs with deferred samples, in ascending order. */
async function deferredEpochs(run: string): Promise<number[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(runFile(run, "samples")));
    return names.map(({ name }) => epochOf(name, "safetensors")).filter((epoch) => epoch !== null)
      .sort((a, b) => a - b);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function encodeDeferred(drawn: Drawn, values: Samples): Uint8Array {
  const width = dataWidth(drawn);
  return encodeSafetensors({
    tensors: [{ name: "samples", shape: [values.length / width, width], values }],
    metadata: { step: String(drawn.step) },
  });
}

/** Reads deferred samples; null if they are damaged or of another network. */
async function readDeferred(
  path: string,
  model: ModelRows,
): Promise<{ readonly step: number; readonly samples: Samples | null }> {
  try {
    const { tensors, metadata } = decodeSafetensors(
      await readOwn(path, MAX_INPUT_BYTES),
      path,
    );
    const values = tensors[0]?.values;
    const isWhole = values !== undefined && !(values instanceof BigInt64Array) &&
      tensors[0]!.shape[1] === dataWidth(model);
    return { step: Number(metadata.step), samples: isWhole ? values : null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { step: 0, samples: null };
  }
}

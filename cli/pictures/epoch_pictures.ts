import {
  accurateSolve,
  type Network,
  type PicturesAt,
  type PictureView,
  readRunConfig,
  sample,
  solveSettingsOf,
  type TrainStart,
} from "@fluxion/fluxion";
import { commandLine, InputError } from "@fluxion/fluxion/core";
import { MAX_INPUT_BYTES, readBounded, writeFileAtomic } from "@fluxion/fluxion/files";
import { decodePng } from "@fluxion/fluxion/plot";
import { curvesPicture, PICTURED, rowKind, samplesPicture } from "@fluxion/fluxion/report/pictures";
import {
  decodeSafetensors,
  encodeSafetensors,
  epochOf,
  readLog,
  runFile,
  samplesFile,
} from "@fluxion/fluxion/runs";
import { curvesReference } from "./curves_reference.ts";
import type { Drawings } from "./drawings.ts";
import { shownPath } from "../paths.ts";

/**
 * The pictures that training leaves in a run's folder. Each carries the training step that it
 * belongs to, and a command that depends on the run alone, so that a run that was resumed has the
 * same bytes as one that was not.
 *
 * Samples whose picture has to wait are put by in `samples/epoch-0001.safetensors`, before the
 * next checkpoint: the weights that they were drawn from are gone after it.
 */

/** The step that a picture belongs to, by the text that its file carries. */
const STEP = "Step";

/** Samples as they are put by. */
type Samples = Float32Array | Float64Array;

function textOf(run: string, model: string, step: number) {
  const command = commandLine(["train", model, "--config", shownPath(runFile(run, "config"))]);
  return { Command: command, [STEP]: String(step) };
}

/** Whether a picture is there, whole, and of a step. */
async function belongs(path: string, step: number): Promise<boolean> {
  try {
    return decodePng(await readBounded(path, MAX_INPUT_BYTES)).text[STEP] === String(step);
  } catch {
    return false;
  }
}

/** `samples/epoch-0001.png`, drawn or put by: the same prior draws every time, so that pictures compare. */
export async function addEpoch(view: PictureView, drawings: Drawings): Promise<void> {
  const { run, epoch, step, config, model, engines } = view;
  const { network } = model;
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
  const at = { run, step, epoch, network, model: config.model };
  await drawings.add(
    () => draw(at, samples),
    async () => {
      await makeFolder(run);
      await writeFileAtomic(waitingFile(run, epoch), encodeWaiting(at, samples));
    },
  );
}

/** Adds what an earlier session put by; what it did not live to put into a checkpoint goes. */
export async function addWaiting(start: TrainStart, drawings: Drawings): Promise<void> {
  const { run, network, config } = start;
  for (const epoch of await waitingEpochs(run)) {
    const path = waitingFile(run, epoch);
    const { step, samples } = await readWaiting(path, network);
    if (samples === null || step > start.step) await Deno.remove(path);
    else {await drawings.add(() =>
        draw({ run, step, epoch, network, model: config.model }, samples)
      );}
  }
}

/** See {@link TrainHooks.hasPictures}. */
export async function hasEpochs({ run, step, epoch }: PicturesAt): Promise<boolean> {
  return (await waitingEpochs(run)).length === 0 && await belongs(samplesFile(run, epoch), step);
}

/** Draws `curves.png` as it is at a step, unless it is there. */
export async function drawCurves(run: string, step: number): Promise<void> {
  if (await belongs(runFile(run, "curves"), step)) return;
  const { config } = await readRunConfig(run);
  const bytes = await curvesPicture(await readLog(runFile(run, "log")), {
    model: config.model,
    title: shownPath(run),
    text: textOf(run, config.model, step),
    reference: await curvesReference(config),
  });
  if (bytes !== null) await writeFileAtomic(runFile(run, "curves"), bytes);
}

/** A picture of samples. */
interface Drawn extends PicturesAt {
  readonly network: Network;
  readonly model: "cnf" | "fm";
}

async function draw({ run, step, epoch, network, model }: Drawn, samples: Samples): Promise<void> {
  await makeFolder(run);
  const picture = await samplesPicture(network, samples, {
    title: `Samples after step ${step}`,
    text: textOf(run, model, step),
  });
  await writeFileAtomic(samplesFile(run, epoch), picture);
  await Deno.remove(waitingFile(run, epoch)).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}

/** The folder of the pictures; that of the run is not made again if it is gone. */
async function makeFolder(run: string): Promise<void> {
  try {
    await Deno.mkdir(runFile(run, "samples"));
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists || error instanceof Deno.errors.NotFound)) {
      throw error;
    }
  }
}

function waitingFile(run: string, epoch: number): string {
  return samplesFile(run, epoch).replace(/png$/, "safetensors");
}

/** The epochs whose samples are put by, rising. */
async function waitingEpochs(run: string): Promise<number[]> {
  try {
    const names = await Array.fromAsync(Deno.readDir(runFile(run, "samples")));
    return names.map(({ name }) => epochOf(name, "safetensors")).filter((epoch) => epoch !== null)
      .sort((a, b) => a - b);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function encodeWaiting({ step, network }: Drawn, values: Samples): Uint8Array {
  const width = network.rowWidth;
  return encodeSafetensors({
    tensors: [{ name: "samples", shape: [values.length / width, width], values }],
    metadata: { step: String(step) },
  });
}

/** Samples that were put by; null where they are damaged, or of another network. */
async function readWaiting(
  path: string,
  network: Network,
): Promise<{ readonly step: number; readonly samples: Samples | null }> {
  try {
    const { tensors, metadata } = decodeSafetensors(
      await readBounded(path, MAX_INPUT_BYTES),
      path,
    );
    const values = tensors[0]?.values;
    const isWhole = values !== undefined && !(values instanceof BigInt64Array) &&
      tensors[0]!.shape[1] === network.rowWidth;
    return { step: Number(metadata.step), samples: isWhole ? values : null };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { step: 0, samples: null };
  }
}

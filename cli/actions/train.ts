import { accurateSolve } from "../../src/flows/model.ts";
import { sample } from "../../src/flows/sample.ts";
import { curvesPicture, PICTURED, rowKind, samplesPicture } from "../../src/report/run_pictures.ts";
import { gigabytes } from "../../src/report/words.ts";
import { writeFileAtomic } from "../../src/runtime/atomic_file.ts";
import { MOST_JSON_BYTES, readBoundedText } from "../../src/runtime/bounded_file.ts";
import { InputError } from "../../src/runtime/errors.ts";
import { type ConfigFile, parseConfigFile, type TrainOptions } from "../../src/train/config.ts";
import type { PictureView, TrainHooks } from "../../src/train/hooks.ts";
import { readRunConfig } from "../../src/train/load_run.ts";
import { runFile, samplesFile } from "../../src/train/run_folder.ts";
import type { RunMetrics } from "../../src/train/run_metrics.ts";
import { solveSettingsOf } from "../../src/train/solve_settings.ts";
import { train as trainModel, type TrainResult } from "../../src/train/train.ts";
import { readLog } from "../../src/train/training_log.ts";
import { pictureText } from "../command_line.ts";
import type { TrainFlags } from "../commands/train.ts";
import { type Drawings, drawingsBeside } from "../drawings.ts";
import { Interrupted } from "../errors.ts";
import { interruptible } from "../interrupt.ts";
import { shownPath, userPath } from "../paths.ts";
import { pictureFiles } from "../pictures.ts";
import { duration, type Progress, showProgress } from "../progress.ts";
import { printLine, speaker, writeResult } from "../terminal.ts";
import { curvesReference } from "./curves_reference.ts";
import { dataName, openData } from "./open_data.ts";
import { runFolder, runsFolder } from "./open_run.ts";

/** `fluxion train cnf|fm`. */
export async function train(model: "cnf" | "fm", flags: TrainFlags): Promise<void> {
  const { folder } = await trainRun(model, flags);
  if (flags.json) writeResult(await Deno.readTextFile(runFile(folder, "metrics")));
  else printLine(shownPath(folder));
}

/**
 * Trains a run, with its pictures and curves.
 *
 * @param shown Shows the steps; the run's own progress when left out.
 * @throws {Interrupted} If Ctrl-C came: the checkpoint is written, the message says how to go on.
 */
export async function trainRun(
  model: "cnf" | "fm",
  flags: TrainFlags,
  shown?: Progress,
): Promise<{ readonly folder: string }> {
  const { run, config, resume, overwrite, json: _json, quiet, debug: _debug, ...options } = flags;
  if (resume && overwrite) throw new InputError("--resume and --overwrite: give one of them");
  if (overwrite && run === undefined) {
    throw new InputError("--overwrite: say which run with --run DIR");
  }
  const folder = run === undefined && !resume ? undefined : await runFolder(run ?? "latest");
  const configFile = config === undefined ? null : await readConfigFile(config);
  const given = await withPaths(options as TrainOptions);
  const say = speaker({ quiet });
  const progress = shown ?? showProgress({ what: "step", quiet });
  const drawings = drawingsBeside();
  const hooks: TrainHooks = {
    onWait(run, mostSeconds) {
      say(`${shownPath(run)}: another process is training in it; waiting up to ${mostSeconds} s`);
    },
    onStart({ run, backend, backendReason, step, steps, stepsPerEpoch, remarks }) {
      if (overwrite) removePictures(run);
      for (const remark of remarks) say(remark);
      const from = step > 0 ? `from step ${step} to ${steps}` : `${steps} steps`;
      const epochs = Math.ceil(steps / stepsPerEpoch);
      const many = epochs === 1 ? "1 epoch" : `${epochs} epochs`;
      say(`${shownPath(run)}: ${from}, ${many} of ${stepsPerEpoch}`);
      say(`backend ${backend.kind}: ${backendReason}`);
    },
    onStep({ step, steps, epoch, epochs, loss, samplesPerSecond }) {
      const words = `epoch ${epoch}/${epochs}, loss ${loss.toPrecision(4)}, ` +
        `${Math.round(samplesPerSecond)} samples/s`;
      progress.update({ done: step, total: steps, words });
    },
    onEvaluation({ step, epoch, testLoss }) {
      progress.clear();
      say(`epoch ${epoch}, step ${step}: test loss ${testLoss.toPrecision(5)}`);
    },
    onPictures: (view) => drawEpoch(view, drawings),
  };
  const outcome = "interrupted; nothing was trained";
  return await interruptible({ words: "stopping", outcome }, async (signal) => {
    try {
      const training = trainModel({ ...given, model }, {
        ...(folder === undefined ? {} : { run: folder }),
        runsFolder: runsFolder(),
        mode: resume ? "resume" : overwrite ? "overwrite" : "new",
        configFile,
        openDataset: openData,
        hooks,
        signal,
      });
      const result = await training.finally(() => drawings.finish());
      progress.clear();
      await finish(model, result, say);
      return { folder: result.run };
    } finally {
      progress.clear();
    }
  });
}

async function finish(
  model: "cnf" | "fm",
  { kind, run, step, steps, metrics }: TrainResult,
  say: (line: string) => void,
): Promise<void> {
  const name = shownPath(run);
  switch (kind) {
    case "alreadyFinished":
      say(`${name}: finished already, at step ${step}; --steps or --epochs may grow`);
      return;
    case "interrupted":
      await drawCurves(run);
      throw new Interrupted(
        `interrupted at step ${step} of ${steps}; go on with ` +
          `fluxion train ${model} --resume --run ${name}`,
      );
    case "finished":
      await drawCurves(run);
      say(`${name}: finished in ${duration(metrics.seconds)}${memoryWords(metrics)}`);
      return;
    default:
      kind satisfies never;
  }
}

function memoryWords({ peakMemoryBytes }: RunMetrics): string {
  return peakMemoryBytes === null ? "" : `, peak memory ${gigabytes(peakMemoryBytes)}`;
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readBoundedText(userPath(path), MOST_JSON_BYTES);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new InputError(`--config ${path}: no such file; check the path`);
    }
    if (error instanceof Deno.errors.IsADirectory) {
      throw new InputError(`--config ${path}: is a folder; name a JSON file`);
    }
    throw error;
  }
  const file = parseConfigFile(text, path);
  return { ...file, options: await withPaths(file.options) };
}

/** Paths made absolute, since the run is used from elsewhere too. */
async function withPaths(options: TrainOptions): Promise<TrainOptions> {
  const { data, init } = options;
  return {
    ...options,
    ...(data === undefined ? {} : { data: await dataName(data) }),
    ...(init === undefined ? {} : { init: await runFolder(init) }),
  };
}

/** What `fluxion plot` drew of the run that is replaced. */
function removePictures(run: string): void {
  for (const file of Object.values(pictureFiles)) {
    try {
      Deno.removeSync(`${run}/${file}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

/** `samples/epoch-0001.png`: the same prior draws every time, so that pictures compare. */
async function drawEpoch(view: PictureView, drawings: Drawings): Promise<void> {
  const { run, epoch, step, config, model, engine } = view;
  const { network } = model;
  const { controlGroup } = config;
  // A CNF's training solver may be coarse; flow matching's is chosen for its pictures.
  const settings = model.kind === "cnf"
    ? { ...accurateSolve, controlGroup }
    : solveSettingsOf(config);
  const { samples } = await sample(model, engine, {
    count: PICTURED[rowKind(network)],
    seed: config.seed,
    settings,
  });
  await drawings.add(async () => {
    await Deno.mkdir(runFile(run, "samples"), { recursive: true });
    await writeFileAtomic(
      samplesFile(run, epoch),
      await samplesPicture(network, samples, {
        title: `Samples after step ${step}`,
        text: pictureText(),
      }),
    );
  });
}

async function drawCurves(run: string): Promise<void> {
  const { config } = await readRunConfig(run);
  const bytes = await curvesPicture(await readLog(runFile(run, "log")), {
    model: config.model,
    title: shownPath(run),
    text: pictureText(),
    reference: await curvesReference(config),
  });
  if (bytes !== null) await writeFileAtomic(runFile(run, "curves"), bytes);
}

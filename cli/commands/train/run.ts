import {
  type ConfigFile,
  parseConfigFile,
  train as trainModel,
  type TrainHooks,
  type TrainResult,
  type TrainStart,
} from "@fluxion/fluxion/program";
import {
  commandLine,
  duration,
  FailureError,
  gigabytes,
  InputError,
  Stopped,
  systemWords,
} from "@fluxion/fluxion/core";
import { MAX_JSON_BYTES, readBoundedText } from "@fluxion/fluxion/files";
import type { Dataset } from "@fluxion/fluxion/data";
import type { TrainOptions } from "@fluxion/fluxion/options";
import {
  bestEvaluation,
  readLog,
  runFile,
  type RunMetrics,
  type TrainingLog,
} from "@fluxion/fluxion/runs";
import { asTypedOptions } from "../../options/spelling.ts";
import { type TrainFlags, trainOptionsOf } from "./flags.ts";
import { drawingsBeside } from "../../pictures/drawings.ts";
import { addDeferred, addEpoch, drawCurves, hasEpochs } from "../../pictures/epoch_pictures.ts";
import { Interrupted } from "../../terminal/errors.ts";
import { interruptible } from "../../process/interrupt.ts";
import { shownPath, userPath } from "../../paths.ts";
import { removePictures } from "../../pictures/pictures.ts";
import { type Progress, showProgress } from "../../terminal/progress.ts";
import { printLine, speaker, writeResult } from "../../terminal/terminal.ts";
import { engineTimes } from "../../runs/engine_times.ts";
import { openData } from "../../runs/open_data.ts";
import { withPaths } from "../../runs/option_paths.ts";
import { runFolder, runsFolder } from "../../runs/runs_folder.ts";

/** What is said of how training steps are computed. */
const stepWords = {
  fused: "fused training steps",
  device: "training steps that never wait for the host",
  numbers: "",
  tensors: "",
} as const;

/** `fluxion train cnf|fm`. */
export async function train(model: "cnf" | "fm", flags: TrainFlags): Promise<void> {
  // The process started at 0.
  const { folder } = await trainRun(model, flags, { startedMs: 0 });
  if (flags.json) writeResult(await Deno.readTextFile(runFile(folder, "metrics")));
  else printLine(shownPath(folder));
}

/**
 * Trains a run, with its pictures and curves.
 *
 * @param options.shown Shows the steps; by default the run's own progress.
 * @param options.evaluatesUntrained As of `TrainEnvironment`.
 * @param options.startedMs When the work began, by `performance.now()`; by default now.
 * @throws {Interrupted} If Ctrl-C came: the checkpoint is written, the message says how to go on.
 */
export async function trainRun(
  model: "cnf" | "fm",
  flags: TrainFlags,
  { shown, startedMs = performance.now(), ...evaluating }: {
    readonly shown?: Progress;
    readonly evaluatesUntrained?: boolean;
    readonly startedMs?: number;
  } = {},
): Promise<{ readonly folder: string }> {
  const {
    run,
    config,
    resume,
    dataChanged,
    overwrite,
    json: _json,
    quiet,
    debug: _debug,
    ...options
  } = flags;
  const folder = run === undefined && !resume ? undefined : await runFolder(run ?? "latest");
  const configFile = config === undefined ? null : await readConfigFile(config);
  const given = await withPaths(options as TrainOptions);
  const say = speaker({ quiet });
  const progress = shown ?? showProgress({ what: "step", quiet });
  const drawings = drawingsBeside();
  let started: string | null = null, fromStep = 0;
  // Once: the curves and the last words are of the same log, and a long one takes tens of milliseconds.
  let log: Promise<TrainingLog> | null = null;
  const logOf = (run: string) => log ??= readLog(runFile(run, "log"));
  let dataset: Dataset | undefined;
  const hooks: TrainHooks = {
    onWait(run, mostSeconds) {
      say(`${shownPath(run)}: another process is training in it; waiting up to ${mostSeconds} s`);
    },
    onMeasure(adapter) {
      say(`timing training steps on the CPU and on ${adapter}`);
    },
    async onStart(start) {
      const { run, backend, backendReason, step, steps, stepsPerEpoch, remarks } = start;
      fromStep = step;
      started = run;
      dataset = start.dataset;
      // At the beginning there can be only those of a run that was replaced.
      if (step === 0) removePictures(run);
      for (const remark of remarks) say(asTypedOptions(remark, trainOptionsOf(model)));
      const count = steps === 1 ? "1 step" : `${steps} steps`;
      const from = step > 0 ? `from step ${step} to ${steps}` : count;
      const epochs = Math.ceil(steps / stepsPerEpoch);
      const many = epochs === 1 ? "1 epoch" : `${epochs} epochs`;
      say(`${shownPath(run)}: ${from}, ${many} of ${stepsPerEpoch}`);
      if (start.rows.validation > 0) say(validationWords(start));
      const way = stepWords[start.way];
      const reason = asTypedOptions(backendReason, trainOptionsOf(model));
      say(`backend ${backend.kind}: ${reason}${way === "" ? "" : `; ${way}`}`);
      await addDeferred(start, drawings);
    },
    onStep({ step, steps, epoch, epochs, loss, samplesPerSecond }) {
      progress.update({
        done: step,
        total: steps,
        get label() {
          return `epoch ${epoch}/${epochs}, loss ${loss.toPrecision(4)}, ` +
            `${Math.round(samplesPerSecond)} samples/s`;
        },
      });
    },
    onEvaluation({ step, epoch, testLoss, validationLoss }) {
      progress.clear();
      const validated = validationLoss === undefined
        ? ""
        : `, validation loss ${validationLoss.toPrecision(5)}`;
      say(`epoch ${epoch}, step ${step}: test loss ${testLoss.toPrecision(5)}${validated}`);
    },
    onPictures: (view) => addEpoch(view, drawings),
    hasPictures: hasEpochs,
    async onEnd({ kind, run, step }) {
      // Pictures that wait are saved; a user who interrupts does not wait for them.
      if (kind !== "interrupted") await drawings.finish();
      progress.clear();
      await drawCurves({ run, step, dataset }, () => logOf(run));
    },
  };
  const outcome = "interrupted; nothing was trained";
  return await interruptible({ notice: "stopping", outcome }, async (signal) => {
    try {
      const training = trainModel({ ...given, model }, {
        ...(folder === undefined ? {} : { run: folder }),
        ...evaluating,
        runsFolder: runsFolder(),
        mode: resume ? "resume" : overwrite ? "overwrite" : "new",
        ...(dataChanged ? { dataChanged } : {}),
        configFile,
        openDataset: openData,
        engineTimes: engineTimes(),
        hooks,
        signal,
        startedMs,
      });
      const result = await training.catch(async (error) => {
        if (error instanceof FailureError) await drawings.finish();
        // All is trained, and the pictures that wait are saved.
        if (!(error instanceof Stopped) || started === null) throw error;
        throw new Interrupted(`interrupted; go on with ${resumeCommand(model, started)}`);
      });
      const seconds = (performance.now() - startedMs) / 1000;
      for (const line of await endLines(model, result, { seconds, fromStep, logOf })) say(line);
      return { folder: result.run };
    } finally {
      progress.clear();
    }
  });
}

/** Which rows choose the weights, and when training stops. */
function validationWords({ rows, config, validationSteps, steps }: TrainStart): string {
  const { patience = 0 } = config;
  const isAtEnd = validationSteps === 0 || validationSteps >= steps;
  const often = isAtEnd ? "at the end" : `every ${validationSteps} steps`;
  const stop = patience === 0 || isAtEnd || patience * validationSteps >= steps
    ? ""
    : `; training stops after ${patience} validations without improvement`;
  return `${rows.train} rows train, ${rows.validation} validate ${often}${stop}; the best weights ` +
    "are kept";
}

/** What is said at the end of a session of training. */
async function endLines(
  model: "cnf" | "fm",
  { kind, run, step, steps, metrics }: TrainResult,
  { seconds, fromStep, logOf }: {
    readonly seconds: number;
    readonly fromStep: number;
    readonly logOf: (run: string) => Promise<TrainingLog>;
  },
): Promise<string[]> {
  const name = shownPath(run);
  const early = metrics.stoppedEarly ? `, stopped early of ${steps}` : "";
  switch (kind) {
    case "alreadyFinished":
      return [
        `${name}: finished already, at step ${step}${early}; --steps or --epochs may grow` +
        (metrics.stoppedEarly ? ", and --patience" : ""),
      ];
    case "interrupted":
      throw new Interrupted(
        `interrupted at step ${step} of ${steps}; go on with ${resumeCommand(model, run)}`,
      );
    case "finished": {
      const sessions = fromStep > 0
        ? ` (from step ${fromStep}; ${duration(metrics.seconds)} in all sessions)`
        : "";
      const { evaluations } = await logOf(run);
      return [
        ...(metrics.stoppedEarly ? [`stopped early, at step ${step} of ${steps}`] : []),
        ...lowestWords(evaluations),
        `${name}: finished in ${duration(seconds)}${sessions}${memoryWords(metrics)}`,
      ];
    }
    default:
      return kind satisfies never;
  }
}

/** The lowest validation loss or, without validations, test loss; nothing without evaluations. */
function lowestWords(evaluations: TrainingLog["evaluations"]): string[] {
  const best = bestEvaluation(evaluations);
  if (best !== undefined) {
    const { step, validationLoss, testLoss } = best;
    return [
      `lowest validation loss ${validationLoss.toPrecision(5)} at step ${step}, test loss ` +
      `${testLoss.toPrecision(5)} there; these weights are the run's`,
    ];
  }
  const [first, ...others] = evaluations;
  if (first === undefined) return [];
  const lowest = others.reduce((low, one) => one.testLoss < low.testLoss ? one : low, first);
  return [`lowest test loss ${lowest.testLoss.toPrecision(5)} at step ${lowest.step}`];
}

function resumeCommand(model: "cnf" | "fm", run: string): string {
  return commandLine(["train", model, "--resume", "--run", shownPath(run)]);
}

function memoryWords({ peakMemoryBytes }: RunMetrics): string {
  return peakMemoryBytes === null ? "" : `, peak memory ${gigabytes(peakMemoryBytes)}`;
}

async function readConfigFile(path: string): Promise<ConfigFile> {
  let text: string;
  try {
    text = await readBoundedText(userPath(path), MAX_JSON_BYTES);
  } catch (error) {
    // Deno's own refusal has its own remedy.
    if (error instanceof InputError || error instanceof Deno.errors.NotCapable) throw error;
    throw new InputError(`--config ${path}: ${systemWords(error)}; name a JSON file`);
  }
  const file = parseConfigFile(text, path);
  return { ...file, options: await withPaths(file.options) };
}

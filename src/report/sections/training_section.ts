import { compactPng } from "../../plot/encoding/compact_png.ts";
import { InputError } from "../../core/errors.ts";
import { samplesFile } from "../../train/run/run_folder.ts";
import { bestEvaluation } from "../../train/run/run_metrics.ts";
import type { TrainingLog } from "../../train/run/training_log.ts";
import type { Block } from "../pages/document.ts";
import { foldedSubsection, type PlannedSection, prose, subsection } from "../plan.ts";
import { figure, runCommand, type RunContext } from "../run_context.ts";
import type { EpochSamples, ReportedRun } from "../reported_run.ts";
import { isPlane } from "../../flows/standardization.ts";
import { epochLosses } from "../evaluation/epoch_losses.ts";
import { lossReference } from "../evaluation/loss_reference.ts";
import { plotArea } from "../pictures/plot_area.ts";
import { curvesPicture } from "../pictures/run_pictures.ts";
import { grouped, number } from "../pages/format.ts";

/** Width in pixels of an epoch's picture, half that of a chart. */
const EPOCH_WIDTH = 700;

/** Plans the loss curves. */
export function planTraining(context: RunContext): PlannedSection {
  return subsection(context.id, "Training", [
    { label: "loss curves", make: () => curves(context) },
  ]);
}

/** Plans the samples after training epochs. */
export function planEpochs(context: RunContext): PlannedSection {
  return foldedSubsection(context.id, "Samples during training", [
    { label: "samples of each epoch", weight: 5, make: () => Promise.resolve([epochs(context)]) },
  ]);
}

async function curves(context: RunContext): Promise<Block[]> {
  const { config, log, dataset } = context.run;
  if (log.steps.length === 0) return [prose("The run has taken no training step.")];
  const isCnf = config.model === "cnf";
  const reference = dataset.kind === "points" ? lossReference(dataset, context.run) : undefined;
  const nfe = log.steps.map((entry) => entry.nfe).filter((count) => count !== null);
  const [first, last] = [nfe.slice(0, 10), nfe.slice(-10)].map(mean) as [number, number];
  const tests = log.evaluations;
  const when = tests[0]?.step === 0 ? "before training and after epochs" : "after epochs";
  const fell = tests.length > 1 ? ` ${testLossWords(tests, isCnf ? " nats" : "")}` : "";
  return [
    await figure({
      draw: async (size) =>
        (await curvesPicture(log, { model: config.model, reference, ...size }))!,
      alt: "Training loss of every step and test loss against the training step" +
        (nfe.length > 0 ? "; below it the field evaluations per solve." : "."),
      caption: (isCnf
        ? `Negative log-likelihood of every step's batch, and of ${testWords(context)} ${when}.`
        : `Flow-matching loss of every step's batch, and of ${testWords(context)} ${when}.`) +
        fell +
        validationWords(context) +
        (nfe.length > 0
          ? " Below, the field evaluations (NFE) of each step's solve: " +
            `${number(first)} in the first steps, ${number(last)} in the last.` +
            (last > first ? " The field becomes stiffer as it is trained." : "")
          : ""),
      command: runCommand({ ...context, seed: 0 }, "plot"),
    }),
    ...epochTable(context),
  ];
}

/** Largest number of epochs in a table. */
const MOST_ROWS = 21;

/** Losses per epoch of a run that was evaluated before training too. */
function epochTable({ run: { log, config } }: RunContext): Block[] {
  const losses = epochLosses(log);
  if (losses[0]?.step !== 0 || losses.length < 2) return [];
  const every = Math.ceil((losses.length - 1) / (MOST_ROWS - 1));
  const shown = losses.filter((_, i) => i % every === 0 || i === losses.length - 1);
  const unit = config.model === "cnf" ? " (nats)" : "";
  return [{
    kind: "details",
    summary: "Training and test loss per epoch, from epoch 0",
    blocks: [
      prose(
        "Epoch 0 is the fresh network, before any step. The training loss is the mean over the " +
          "batches since the evaluation before, while the weights were changing; the test loss is " +
          "that of the weights at the end of the epoch.",
      ),
      {
        kind: "table",
        label: "Training and test loss per epoch",
        columns: [
          { name: "epoch", align: "right" },
          { name: "step", align: "right" },
          { name: `training loss${unit}`, align: "right" },
          { name: `test loss${unit}`, align: "right" },
        ],
        rows: shown.map(({ epoch, step, trainLoss, testLoss }) => [
          String(epoch),
          grouped(step),
          trainLoss === null ? "" : number(trainLoss),
          number(testLoss),
        ]),
      },
    ],
  }];
}

/** Which test rows the test loss is over. */
function testWords({ run: { dataset, metrics } }: RunContext): string {
  const what = dataset.kind === "points" ? "test points" : "test images";
  const { count } = dataset.test;
  const { testRows } = metrics;
  return testRows === null || testRows >= count
    ? what
    : `the first ${grouped(testRows)} of ${grouped(count)} ${what}`;
}

/** First and last test loss, and that of the weights that validation chose, which the tables are of. */
export function testLossWords(tests: TrainingLog["evaluations"], unit: string): string {
  const last = tests.at(-1)!, best = bestEvaluation(tests) ?? last;
  const went = `The test loss went from ${number(tests[0]!.testLoss)} to ${
    number(last.testLoss)
  }${unit}`;
  return best.step === last.step
    ? `${went}.`
    : `${went} in the last step; that of the kept weights is ${number(best.testLoss)}${unit}.`;
}

/** How validation chose the weights; empty if no rows validated. */
function validationWords({ run: { config, dataset, metrics, step } }: RunContext): string {
  const { validationRows, validationLoss, bestStep, stoppedEarly } = metrics;
  if (validationRows === null || validationLoss === null || bestStep === null) return "";
  const stop = stoppedEarly
    ? ` Training stopped at step ${grouped(step)}, after ${config.patience} validations without ` +
      "improvement."
    : "";
  return ` ${grouped(validationRows)} of the ${
    grouped(dataset.train.count)
  } training rows did not ` +
    `train but validate: their loss was lowest, ${number(validationLoss)}, at step ` +
    `${grouped(bestStep)} (dashed line), and the weights of that step are the run's.${stop}`;
}

/** Mean, rounded to an integer. */
function mean(values: readonly number[]): number {
  return Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function epochs({ run }: RunContext): Block {
  const isImages = run.dataset.kind === "images";
  // The first and the last scatter matrix, as small ones are illegible.
  const isMatrix = run.dataset.kind === "points" && run.dataset.dims > 2;
  const shown = run.epochs.filter((_, i, { length }) => !isMatrix || i === 0 || i === length - 1);
  return {
    kind: "gallery",
    large: isMatrix,
    pictures: shown.map(({ epoch, png }) => ({
      label: `epoch ${epoch}`,
      picture: {
        bytes: small(run, { epoch, png }),
        format: "png",
        alt: `Samples after epoch ${epoch}.`,
        look: isImages ? "photo" : "chart",
      },
    })),
    caption: "Samples after training epochs, always from the same noise" +
      (shown.length < run.epochCount ? `; ${shown.length} of ${run.epochCount}.` : "."),
    command: null,
  };
}

/** @throws {InputError} If the picture is damaged. */
function small(run: ReportedRun, { epoch, png }: EpochSamples): Uint8Array {
  const { name } = run;
  try {
    return compactPng(isPlane(run) ? plotArea(png) : png, { maxWidth: EPOCH_WIDTH });
  } catch (error) {
    throw new InputError(
      `${samplesFile(name, epoch)}: not a whole PNG file (${(error as Error).message}); ` +
        "remove it, or train the run again",
    );
  }
}

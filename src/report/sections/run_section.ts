import { duration } from "../../core/duration.ts";
import { descriptionOf } from "../../nn/network.ts";
import type { TrainConfig } from "../../train/options/table.ts";
import { runName } from "../../train/run/run_folder.ts";
import { EFFORT, type KeyFigure } from "../results.ts";
import { topicKey } from "../run_topics.ts";
import { commandLine } from "../../core/command_line.ts";
import { planCnf } from "./cnf_section.ts";
import { planData } from "./data_section.ts";
import type { Block } from "../pages/document.ts";
import { planFmImages } from "./fm_images_section.ts";
import { planFmPoints } from "./fm_points_section.ts";
import type { RunPart } from "../pages/parts.ts";
import { foldedSubsection, type PlannedSection, prose, slug } from "../plan.ts";
import type { SectionContext } from "../section_context.ts";
import type { ReportedRun } from "../reported_run.ts";
import { figuresTable, runCommand, type RunContext, weightsArguments } from "../run_context.ts";
import type { SectionPlans } from "./section_plans.ts";
import { planEpochs, planTraining } from "./training_section.ts";
import { gigabytes } from "../../core/bytes_text.ts";
import { code, datasetLabel, grouped, number } from "../pages/format.ts";

/**
 * Plans a run's section: its figures and pictures, then training, and folded what lies behind them.
 *
 * @param part.title Required here; `runTitles()` makes it where a part has none.
 * @param part.short Title in the table of results.
 */
export function planRun(
  part: RunPart & { readonly title: string; readonly short: string },
  { seed, models, id }: SectionContext,
): PlannedSection {
  const { title, short, markdown, run, without = [] } = part;
  const context: RunContext = {
    id: id(slug(runName(run.config.model, run.config.data))),
    run,
    seed,
    without,
    open: () => models.of(run),
  };
  const own = planModel(context);
  return {
    id: context.id,
    title,
    pieces: [{
      label: run.name,
      make: () =>
        Promise.resolve([...(markdown === undefined ? [] : [prose(markdown)]), overview(run)]),
    }, own.figures],
    sections: [
      ...own.shown,
      planTraining(context),
      planEpochs(context),
      ...(without.includes("data") ? [] : [planData(context)]),
      ...own.folded,
      planSettings(context),
    ],
    outcome: own.outcome,
    results: () => [{
      kind: "run",
      id: context.id,
      title: short,
      folder: run.name,
      model: run.config.model,
      group: topicKey(run),
      figures: [...own.keyFigures(), ...effort(run)],
    }],
  };
}

function planModel(context: RunContext): SectionPlans {
  const { config, dataset } = context.run;
  if (dataset.kind === "images") return planFmImages(context, dataset);
  return config.model === "cnf" ? planCnf(context, dataset) : planFmPoints(context, dataset);
}

const modelNames = { cnf: "continuous normalizing flow", fm: "flow-matching model" } as const;

function overview(run: ReportedRun): Block {
  const { config, network, metrics, dataset, step, name, choice } = run;
  const what = dataset.kind === "points" ? "points" : "images";
  return prose(
    `A ${modelNames[config.model]} on ${grouped(dataset.train.count)} ${what} of ` +
      `${code(datasetLabel(config.data))}: ${descriptionOf(network)} with ${
        grouped(network.layout.size)
      } weights, ` +
      `trained for ${grouped(step)} steps of ${config.batchSize} ${what}` +
      (metrics.backend === null
        ? "."
        : ` in ${duration(metrics.seconds).replaceAll(" ", "\u00a0")} on the ${
          backendName(metrics.backend)
        }.`) +
      ` The run is ${code(name)}.` +
      (choice === undefined ? "" : ` Its ${code(choice)} weights are shown.`),
  );
}

/** What the run took. */
function effort({ step, metrics }: ReportedRun): KeyFigure[] {
  return [
    { name: EFFORT.steps, text: grouped(step), lower: null },
    ...(metrics.backend === null
      ? []
      : [{ name: EFFORT.time, text: duration(metrics.seconds), lower: null }]),
  ];
}

/** Plans the commands that continue from a run, the machine and the configuration. */
function planSettings(context: RunContext): PlannedSection {
  const { run } = context;
  const { config, name } = run;
  const { steps: _steps, epochs: _epochs, ...options } = config;
  return foldedSubsection(context.id, "Settings, machine and commands", [{
    label: "settings",
    make: () =>
      Promise.resolve([
        {
          kind: "commands",
          items: [
            {
              words: "Train it again, into a new run",
              command: commandLine(["train", config.model, "--config", `${name}/config.json`]),
            },
            {
              words: "Evaluate it",
              command: commandLine(["eval", name, ...weightsArguments(run)]),
            },
            { words: "Draw its pictures, into the run", command: runCommand(context, "plot") },
          ],
        },
        figuresTable(machineRows(run)),
        {
          kind: "table",
          columns: [{ name: "option", align: "left" }, { name: "value", align: "left" }],
          rows: Object.entries({ ...trainingLength(config), ...options }).map(([key, value]) => [
            code(key),
            code(typeof value === "object" ? JSON.stringify(value) : String(value)),
          ]),
        },
      ]),
  }]);
}

function trainingLength({ steps, epochs }: TrainConfig) {
  return steps === undefined ? { epochs } : { steps };
}

function backendName(backend: "cpu" | "webgpu"): string {
  return backend === "cpu" ? "CPU backend" : "WebGPU backend";
}

function machineRows({ metrics }: ReportedRun): [string, string][] {
  const { backend, threads, stepMs, nfe, seconds, peakMemoryBytes, seed } = metrics;
  const rows: [string, string][] = [
    ["Training backend", backend ?? "none: the weights were imported"],
    ["Threads", String(threads)],
    ["Seed", String(seed)],
    ["Time", duration(seconds)],
  ];
  if (stepMs !== null) rows.push(["Median time per step", `${number(stepMs)} ms`]);
  if (nfe !== null) rows.push(["Mean field evaluations per training solve", number(nfe)]);
  if (peakMemoryBytes !== null) rows.push(["Peak memory", gigabytes(peakMemoryBytes)]);
  return rows;
}

import { descriptionOf } from "../../nn/network.ts";
import type { TrainConfig } from "../../train/options/table.ts";
import { runName } from "../../train/run/run_folder.ts";
import { commandLine } from "../../core/command_line.ts";
import { planCnf } from "./cnf_section.ts";
import { planData } from "./data_section.ts";
import type { Block } from "../pages/document.ts";
import { planFmImages } from "./fm_images_section.ts";
import { planFmPoints } from "./fm_points_section.ts";
import type { RunPart } from "../pages/parts.ts";
import { type PlannedSection, prose, slug } from "../plan.ts";
import type { SectionContext } from "../section_context.ts";
import type { ReportedRun } from "../reported_run.ts";
import { figuresTable, type RunContext } from "../run_context.ts";
import type { SectionPlans } from "./section_plans.ts";
import { planTraining } from "./training_section.ts";
import { gigabytes } from "../../core/bytes_text.ts";
import { code, datasetLabel, duration, grouped, number } from "../pages/format.ts";

/** Plans a run's section: overview, data, training and model. */
export function planRun(part: RunPart, { seed, models, id }: SectionContext): PlannedSection {
  const { title, markdown, run, without = [] } = part;
  const heading = title ?? runTitle(run);
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
    title: heading,
    pieces: [{
      label: run.name,
      make: () =>
        Promise.resolve([...(markdown === undefined ? [] : [prose(markdown)]), ...overview(run)]),
    }],
    sections: [
      ...(without.includes("data") ? [] : [planData(context)]),
      planTraining(context),
      ...own.sections,
    ],
    outcome: own.outcome,
  };
}

function planModel(context: RunContext): SectionPlans {
  const { config, dataset } = context.run;
  if (dataset.kind === "images") return planFmImages(context, dataset);
  return config.model === "cnf" ? planCnf(context, dataset) : planFmPoints(context, dataset);
}

const dataTitles: Readonly<Record<string, string>> = {
  moons: "Two moons",
  "8gaussians": "Eight Gaussians",
  checkerboard: "Checkerboard",
  mnist: "MNIST",
  "fashion-mnist": "FashionMNIST",
  kmnist: "KMNIST",
};

const modelTitles = { cnf: "continuous normalizing flow", fm: "flow matching" } as const;

const modelNames = { cnf: "continuous normalizing flow", fm: "flow-matching model" } as const;

/** Title such as "Two moons: continuous normalizing flow". */
function runTitle({ config }: ReportedRun): string {
  const data = dataTitles[config.data] ?? datasetLabel(config.data);
  return `${data}: ${modelTitles[config.model]}`;
}

function overview(run: ReportedRun): Block[] {
  const { config, network, metrics, dataset, step, name } = run;
  const weights = network.layout.size;
  const what = dataset.kind === "points" ? "points" : "images";
  const { steps: _steps, epochs: _epochs, ...options } = config;
  return [
    prose(
      `A ${modelNames[config.model]} on ${grouped(dataset.train.count)} ${what} of ` +
        `${code(datasetLabel(config.data))}: ${descriptionOf(network)} with ${
          grouped(weights)
        } weights, ` +
        `trained for ${grouped(step)} steps of ${config.batchSize} ${what}` +
        (metrics.backend === null
          ? "."
          : ` in ${duration(metrics.seconds)} on the ${backendName(metrics.backend)}.`) +
        (run.choice === undefined ? "" : ` Its ${code(run.choice)} weights are shown.`),
    ),
    {
      kind: "details",
      summary: "Configuration, machine and how to train it again",
      blocks: [
        prose(
          "To train it again: " +
            code(commandLine(["train", config.model, "--config", `${name}/config.json`])),
        ),
        figuresTable(machineRows(run)),
        prose("The resolved configuration, with all defaults filled in:"),
        {
          kind: "table",
          columns: [{ name: "option", align: "left" }, { name: "value", align: "left" }],
          rows: Object.entries({ ...trainingLength(config), ...options }).map(([key, value]) => [
            code(key),
            code(String(value)),
          ]),
        },
      ],
    },
  ];
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
    ["Time, evaluations included", duration(seconds)],
  ];
  if (stepMs !== null) rows.push(["Median time per step", `${number(stepMs)} ms`]);
  if (nfe !== null) rows.push(["Mean field evaluations per training solve", number(nfe)]);
  if (peakMemoryBytes !== null) rows.push(["Peak memory", gigabytes(peakMemoryBytes)]);
  return rows;
}

import type { TrainConfig } from "../train/options/table.ts";
import { kebabCase } from "../core/options/spelling.ts";
import { datasetLabel } from "./pages/format.ts";
import type { ReportedRun } from "./reported_run.ts";

const dataTitles: Readonly<Record<string, string>> = {
  moons: "Two moons",
  "8gaussians": "Eight Gaussians",
  checkerboard: "Checkerboard",
  mnist: "MNIST",
  "fashion-mnist": "FashionMNIST",
  kmnist: "KMNIST",
};

const modelTitles = { cnf: "continuous normalizing flow", fm: "flow matching" } as const;

/** Settings that do not change what is learnt. */
const incidental: ReadonlySet<string> = new Set([
  "backend",
  "evalEvery",
  "format",
  "lrHorizon",
  "network",
  "sampleEvery",
  "saveSeconds",
]);

/** Most settings that a title names. */
const MOST_NAMED = 3;

/** What a run is about, such as "Two moons: continuous normalizing flow". */
export function runTopic({ config }: Pick<ReportedRun, "config">): string {
  const data = dataTitles[config.data] ?? datasetLabel(config.data);
  return `${data}: ${modelTitles[config.model]}`;
}

/** Title of a run, and in a few words what distinguishes it from others of its topic. */
export interface RunTitle {
  /** The topic, and the difference if there are other runs of the topic. */
  readonly title: string;
  /** Such as `lr 0.01, seed 1`; the run's folder if too much or nothing differs. */
  readonly difference: string;
}

/** Titles of the runs of a report, in their order: each names what differs from the others. */
export function runTitles(
  runs: readonly Pick<ReportedRun, "config" | "name">[],
): readonly RunTitle[] {
  return runs.map((run) => {
    const topic = runTopic(run);
    const group = runs.filter((other) => runTopic(other) === topic);
    if (group.length === 1) return { title: topic, difference: run.name };
    const keys = differingKeys(group.map(({ config }) => config));
    const named = keys.map((key) =>
      run.config[key] === undefined
        ? `no ${words(key)}`
        : `${words(key)} ${datasetLabel(valueText(run.config[key]))}`
    );
    const said = named.join(", ");
    const isUnique = group.every((other) =>
      other === run ||
      keys.some((key) => valueText(other.config[key]) !== valueText(run.config[key]))
    );
    const difference = isUnique && keys.length <= MOST_NAMED ? said : run.name;
    return { title: `${topic}, ${difference}`, difference };
  });
}

/** Settings whose values are not the same in all configurations, in the order of the first. */
export function differingKeys(configs: readonly TrainConfig[]): readonly (keyof TrainConfig)[] {
  const keys = [...new Set(configs.flatMap((config) => Object.keys(config)))];
  return keys.filter((key) =>
    !incidental.has(key) &&
    new Set(configs.map((config) => valueText(config[key as keyof TrainConfig]))).size > 1
  ) as (keyof TrainConfig)[];
}

/** `batchSize` as "batch size". */
function words(key: string): string {
  return kebabCase(key).replaceAll("-", " ");
}

function valueText(value: unknown): string {
  return value === undefined
    ? "default"
    : typeof value === "object"
    ? JSON.stringify(value)
    : String(value);
}

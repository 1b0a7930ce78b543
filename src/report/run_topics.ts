import { shortPaths } from "../core/short_paths.ts";
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

/** What of a run says what it is about. */
export type TopicRun = Pick<ReportedRun, "config" | "dataFile" | "columns">;

/** What a run is about: the model, and the data by their content. */
export interface RunTopic {
  /** Runs with the same key are compared. */
  readonly key: string;
  /** The data, such as "Two moons". */
  readonly data: string;
  /** Such as "Two moons: continuous normalizing flow"; no two topics of a report have the same. */
  readonly title: string;
}

/** Key of a run's topic: the model and the content of its data, wherever the file is. */
export function topicKey(run: TopicRun): string {
  return JSON.stringify([run.config.model, contentOf(run), columnsOf(run)]);
}

function contentOf({ config, dataFile }: TopicRun): string {
  return dataFile?.sha256 ?? config.data;
}

function columnsOf({ columns }: TopicRun): string | null {
  return columns && columns.map(({ name, number }) => name ?? number).join(", ");
}

/** The topics of the runs of a report, in their order. */
export function runTopics(runs: readonly TopicRun[]): readonly RunTopic[] {
  const files = runs.map(({ config }) => config.data);
  const places = shortPaths(files);
  return runs.map((run, i) => {
    const { config } = run;
    const name = dataTitles[config.data] ?? datasetLabel(config.data);
    const others = runs.filter((other) =>
      (dataTitles[other.config.data] ?? datasetLabel(other.config.data)) === name &&
      contentOf(other) + columnsOf(other) !== contentOf(run) + columnsOf(run)
    );
    const differs = (of: (run: TopicRun) => string | null) =>
      others.some((other) => of(other) !== of(run));
    const isElsewhere = others.length > 0 && differs(contentOf);
    const isRewritten = isElsewhere &&
      others.some((other) =>
        other.config.data === config.data && contentOf(other) !== contentOf(run)
      );
    const data = [
      isElsewhere ? places[i]! : name,
      ...(isRewritten ? [`content ${contentOf(run).slice(0, 8)}`] : []),
      ...(differs(columnsOf) ? [`columns ${columnsOf(run) ?? "unnamed"}`] : []),
    ].join(", ");
    return { key: topicKey(run), data, title: `${data}: ${modelTitles[config.model]}` };
  });
}

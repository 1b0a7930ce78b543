import { differingOptions, type OptionValue } from "../train/run/differing_options.ts";
import { kebabCase } from "../core/options/spelling.ts";
import { datasetLabel } from "./pages/format.ts";
import type { ReportedRun } from "./reported_run.ts";
import { runTopics, type TopicRun } from "./run_topics.ts";

/** Options that do not change what is learnt. */
const incidental: ReadonlySet<string> = new Set([
  "backend",
  "evalEvery",
  "sampleEvery",
  "saveSeconds",
]);

/** Most settings that a title names. */
const MOST_NAMED = 3;

/** Title of a run, and in a few words what distinguishes it from others of its topic. */
export interface RunTitle {
  /** The data, and the difference if there are other runs of the topic: where the model is said. */
  readonly short: string;
  /** The topic, and the difference if there are other runs of the topic. */
  readonly title: string;
  /** Such as `lr 0.01, seed 1`; the run's folder if too much or nothing differs. */
  readonly difference: string;
}

/** Titles of the runs of a report, in their order: each names what differs from the others. */
export function runTitles(
  runs: readonly (TopicRun & Pick<ReportedRun, "name">)[],
): readonly RunTitle[] {
  const topics = runTopics(runs);
  return runs.map((run, at) => {
    const { key, data, title: topic } = topics[at]!;
    const group = runs.filter((_, other) => topics[other]!.key === key);
    if (group.length === 1) return { short: data, title: topic, difference: run.name };
    const own = group.indexOf(run);
    const differing = differingOptions(
      group.map(({ config }) => ({ options: config, network: null })),
    ).filter(({ name }) => !incidental.has(name));
    const said = differing.map(({ name, values }) => settingText(name, values[own])).join(", ");
    const isUnique = group.every((_, other) =>
      other === own ||
      differing.some(({ values }) => JSON.stringify(values[other]) !== JSON.stringify(values[own]))
    );
    const difference = isUnique && differing.length <= MOST_NAMED ? said : run.name;
    return {
      short: `${data}, ${difference}`,
      title: `${topic}, ${difference}`,
      difference,
    };
  });
}

/** `batchSize` 64 as "batch size 64". */
function settingText(name: string, value: OptionValue): string {
  const words = kebabCase(name).replaceAll("-", " ");
  // Of a path the last name.
  return value === undefined ? `no ${words}` : `${words} ${datasetLabel(String(value))}`;
}

import { commandLine } from "../../core/command_line.ts";
import { comparedCurvesPicture } from "../pictures/compared_curves.ts";
import type { Block } from "../pages/document.ts";
import type { ReportedRun } from "../reported_run.ts";
import { figure } from "../run_context.ts";
import { plain } from "../pages/format.ts";
import { runTopics, topicKey } from "../run_topics.ts";

/** A run in a comparison. */
export interface NamedRun {
  /** The run. */
  readonly run: ReportedRun;
  /** What distinguishes it; plain text. */
  readonly name: string;
}

/** Charts that compare the training of runs of one model on the same data; none for single runs. */
export async function comparisons(runs: readonly NamedRun[]): Promise<readonly Block[]> {
  const topics = new Map(
    runTopics(runs.map(({ run }) => run)).map(({ key, title }) => [key, title]),
  );
  const blocks: Block[] = [];
  for (const [key, title] of topics) {
    const group = runs.filter(({ run }) => topicKey(run) === key && run.log.steps.length > 0);
    if (group.length > 1) blocks.push(await curves(title, group));
  }
  return blocks;
}

async function curves(topic: string, runs: readonly NamedRun[]): Promise<Block> {
  const compared = runs.map(({ run, name }) => ({ name, model: run.config.model, log: run.log }));
  return await figure({
    draw: async (size) => (await comparedCurvesPicture(compared, size))!,
    alt: `Losses of ${runs.length} runs against the training step: ${
      runs.map(({ name }) => name).join("; ")
    }.`,
    caption: `${plain(topic)}: the losses of the runs over each other.`,
    command: commandLine(["compare", ...runs.map(({ run }) => run.name)]),
  });
}

import { movingMean } from "../../plot/curves_plot.ts";
import { type PanelSeries, panelsPlot } from "../../plot/panels_plot.ts";
import type { Block } from "../pages/document.ts";
import type { ReportedRun } from "../reported_run.ts";
import { figure } from "../run_context.ts";
import { runTitles, runTopic } from "../run_titles.ts";

/** Most runs in one chart: the number of hues. */
const MOST = 10;

/** Charts that compare the training of runs of one model on the same data; none for single runs. */
export async function comparisons(runs: readonly ReportedRun[]): Promise<readonly Block[]> {
  const topics = [...new Set(runs.map(runTopic))];
  const blocks: Block[] = [];
  for (const topic of topics) {
    const group = runs.filter((run) => runTopic(run) === topic && run.log.steps.length > 0);
    if (group.length > 1) blocks.push(await curves(topic, group.slice(0, MOST)));
  }
  return blocks;
}

async function curves(topic: string, runs: readonly ReportedRun[]): Promise<Block> {
  const titles = runTitles(runs);
  const isCnf = runs[0]!.config.model === "cnf";
  const series = runs.map((run, i): PanelSeries => ({
    label: titles[i]!.difference,
    color: i,
    mark: "line",
    width: 1.6,
    ...smoothLoss(run),
  }));
  // The first steps would flatten everything else.
  const finite = series.flatMap(({ y }) => Array.from(y).slice(Math.floor(y.length / 20)))
    .filter((value) => Number.isFinite(value) && (isCnf || value > 0)).sort((a, b) => a - b);
  const low = finite[0] ?? 0, high = finite[Math.floor(0.995 * (finite.length - 1))] ?? 1;
  const margin = 0.05 * (high - low) || 1;
  return await figure({
    draw: (size) =>
      panelsPlot([{
        x: { label: "training step" },
        y: isCnf
          ? { label: "NLL (nats)", range: [low - margin, high + margin] }
          : { label: "mean squared error", scale: "log", range: [low / 1.05, high * 1.05] },
        series,
      }], size),
    alt: `Training loss of ${runs.length} runs against the step: ${
      titles.map(({ difference }) => difference).join("; ")
    }.`,
    caption: `${topic}: training loss of the runs, averaged over a fiftieth of the steps.`,
  });
}

/** At most 400 points of the averaged training loss. */
function smoothLoss({ log }: ReportedRun): { x: number[]; y: number[] } {
  const n = log.steps.length;
  const mean = movingMean(log.steps.map(({ loss }) => loss ?? NaN), 2 * Math.floor(n / 100) + 1);
  const chosen = Array.from(
    { length: Math.min(n, 400) },
    (_, i) => Math.round(i * (n - 1) / Math.max(1, Math.min(n, 400) - 1)),
  );
  return {
    x: chosen.map((i) => log.steps[i]!.step),
    y: chosen.map((i) => mean[i]!),
  };
}

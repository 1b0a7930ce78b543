import type { FlowKind } from "../../flows/model.ts";
import { movingMean, smoothingWindow } from "../../plot/curves_plot.ts";
import { type Panel, type PanelSeries, panelsPlot } from "../../plot/panels_plot.ts";
import type { PictureOptions } from "../../plot/picture.ts";
import type { TrainingLog } from "../../train/run/training_log.ts";

/** A run whose curves are compared. */
export interface ComparedRun {
  /** Its name in the legend. */
  readonly name: string;
  /** `cnf` or `fm`. */
  readonly model: FlowKind;
  /** Its training log. */
  readonly log: TrainingLog;
}

/** Most points of a line; more are closer than a picture shows. */
const MOST_POINTS = 500;

/** Most names in a legend. */
const MOST_NAMED = 20;

/** Number of distinguishable colours. */
const COLOURS = 10;

const panels = {
  cnf: { title: "Continuous normalizing flows", loss: "NLL (nats)" },
  fm: { title: "Flow matching", loss: "mean squared error" },
} as const satisfies Record<FlowKind, unknown>;

/**
 * Draws the losses of several runs over each other: the test and validation losses, and the moving
 * mean of the training loss. Models of different kinds have a panel each, since their losses are
 * not comparable.
 *
 * @returns A PNG file; null if no run has taken a step.
 */
export async function comparedCurvesPicture(
  runs: readonly ComparedRun[],
  options: PictureOptions = {},
): Promise<Uint8Array | null> {
  const kinds = (["cnf", "fm"] as const).filter((kind) =>
    runs.some(({ model, log }) => model === kind && hasCurve(log))
  );
  if (kinds.length === 0) return null;
  return await panelsPlot(
    kinds.map((kind) => panelOf(kind, runs.filter(({ model }) => model === kind))),
    { columns: 1, ...options },
  );
}

function hasCurve({ steps, evaluations }: TrainingLog): boolean {
  return steps.length > 0 || evaluations.length > 0;
}

function panelOf(kind: FlowKind, runs: readonly ComparedRun[]): Panel {
  const drawn = runs.filter(({ log }) => hasCurve(log));
  const lines = drawn.map(({ log }) => trainingLine(log));
  const tests = drawn.map(({ log }) => log.evaluations.map(({ testLoss }) => testLoss));
  const series = drawn.flatMap((run, i) => seriesOf(run, lines[i]!, i));
  const { scale, range } = lossScale(kind, [...lines.map(({ y }) => y), ...tests]);
  const notes = ["Thick: test loss. Thin: moving mean of the training loss."];
  if (drawn.some(({ log }) => log.evaluations.some(hasValidation))) {
    notes[0] += " Dashed: validation loss.";
  }
  if (drawn.length > COLOURS) notes.push(`The colours repeat after ${COLOURS} runs.`);
  if (drawn.length > MOST_NAMED) {
    notes.push(`The first ${MOST_NAMED} of ${drawn.length} are named.`);
  }
  return {
    title: panels[kind].title,
    x: { label: "training step" },
    y: { label: panels[kind].loss, scale, ...(range === null ? {} : { range }) },
    series,
    notes,
  };
}

function hasValidation({ validationLoss }: TrainingLog["evaluations"][number]): boolean {
  return validationLoss !== undefined;
}

/** The moving mean of the training loss, thinned. */
function trainingLine({ steps }: TrainingLog): { readonly x: number[]; readonly y: number[] } {
  const means = movingMean(steps.map(({ loss }) => loss), smoothingWindow(steps.length));
  const every = Math.max(1, Math.ceil(steps.length / MOST_POINTS));
  const kept = steps.flatMap(({ step }, i) =>
    i % every === 0 || i === steps.length - 1 ? [[step, means[i]!] as const] : []
  );
  return { x: kept.map(([step]) => step), y: kept.map(([, mean]) => mean) };
}

function seriesOf(
  { name, log: { evaluations } }: ComparedRun,
  training: { readonly x: readonly number[]; readonly y: readonly number[] },
  index: number,
): PanelSeries[] {
  const color = index % COLOURS;
  const label = index < MOST_NAMED ? { label: name } : {};
  const validated = evaluations.filter(hasValidation);
  const hasTests = evaluations.length > 0;
  const tests = {
    x: evaluations.map(({ step }) => step),
    y: evaluations.map(({ testLoss }) => testLoss),
  };
  return [
    {
      color,
      mark: "line",
      ...training,
      width: 1.1,
      opacity: hasTests ? 0.5 : 1,
      ...(hasTests ? {} : label),
    },
    ...(validated.length === 0 ? [] : [
      {
        color,
        mark: "dashes",
        x: validated.map(({ step }) => step),
        y: validated.map(({ validationLoss }) => validationLoss!),
        width: 1.4,
      } as const,
    ]),
    ...(hasTests
      ? [
        { color, mark: "line", ...tests, width: 2, ...label } as const,
        { color, mark: "dots", ...tests, width: evaluations.length > 60 ? 3 : 5 } as const,
      ]
      : []),
  ];
}

/**
 * Scale and range of the losses. The first steps and diverged runs are cut off at the top, or they
 * would flatten everything else.
 */
function lossScale(
  kind: FlowKind,
  curves: readonly (readonly number[])[],
): { readonly scale: "linear" | "log"; readonly range: readonly [number, number] | null } {
  const values = curves.flat().filter(Number.isFinite).sort((a, b) => a - b);
  if (values.length === 0) return { scale: "linear", range: null };
  const low = values[0]!;
  const high = values[Math.floor(0.985 * (values.length - 1))]!;
  if (!(high > low)) return { scale: "linear", range: null };
  if (kind === "fm" && low > 0 && high / low > 3) {
    return { scale: "log", range: [low / 1.08, high * 1.08] };
  }
  const margin = 0.05 * (high - low);
  return { scale: "linear", range: [low - margin, high + margin] };
}

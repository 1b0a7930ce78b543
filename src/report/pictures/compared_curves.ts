import type { FlowKind } from "../../flows/model.ts";
import { movingMean, smoothingWindow } from "../../plot/curves_plot.ts";
import { lossScale, shownEvaluations } from "../../plot/loss_scale.ts";
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
  cnf: { title: "Continuous normalizing flows", label: "NLL (nats)", loss: "nll" },
  fm: { title: "Flow matching", label: "mean squared error", loss: "squaredError" },
} as const satisfies Record<FlowKind, unknown>;

/**
 * Draws the losses of several runs over each other: the test and validation losses, and the moving
 * mean of the training loss; test losses before training are rings, which no line joins to the
 * others. Models of different kinds have a panel each, since their losses are not comparable.
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
  const { title, label, loss } = panels[kind];
  const drawn = runs.filter(({ log }) => hasCurve(log));
  const lines = drawn.map(({ log }) => trainingLine(log));
  const evaluations = drawn.map(({ log }) => shownEvaluations(log.evaluations));
  const tests = evaluations.flatMap(({ trained }) => trained.map(({ testLoss }) => testLoss));
  const curves = [...lines.flatMap(({ y }) => y), ...tests].filter(Number.isFinite);
  const starts = evaluations.map(({ before }) => before?.testLoss ?? NaN);
  const { scale, range } = lossScale({
    loss,
    curves,
    // Diverged runs may leave the axis at the top, nothing at the bottom.
    whole: curves.length === 0 ? [] : [curves.reduce((a, b) => Math.min(a, b))],
    before: starts,
  });
  const isInside = (value: number) => value >= range[0] && value <= range[1];
  const outside = starts.filter((value) => Number.isFinite(value) && !isInside(value));
  const tested = evaluations.map(({ trained }) => trained.length).filter((count) => count > 0);
  const marks = [
    ...(tested.some((count) => count > 1) ? ["Thick"] : []),
    ...(tested.includes(1) ? ["one large dot"] : []),
  ].join(", or ");
  const testWords = marks === "" ? "" : `${marks[0]!.toUpperCase()}${marks.slice(1)}: test loss. `;
  const notes = [`${testWords}Thin: moving mean of the training loss.`];
  const validated = evaluations.map(({ trained }) => trained.filter(hasValidation).length);
  if (validated.some((count) => count > 0)) {
    notes[0] += validated.includes(1)
      ? " Dashed, or one small dot: validation loss."
      : " Dashed: validation loss.";
  }
  if (starts.some(isInside)) notes[0] += " Ring: test loss before training.";
  if (outside.length > 0) {
    const [least, most] = [Math.min(...outside), Math.max(...outside)].map((value) =>
      String(Number(value.toPrecision(4)))
    );
    notes[0] += ` Triangle: test loss before training, off the chart (${
      least === most ? least : `${least} to ${most}`
    }).`;
  }
  if (drawn.length > COLOURS) notes.push(`The colours repeat after ${COLOURS} runs.`);
  if (drawn.length > MOST_NAMED) {
    notes.push(`The first ${MOST_NAMED} of ${drawn.length} are named.`);
  }
  return {
    title,
    x: { label: "training step" },
    y: { label, scale, range },
    series: [
      ...drawn.flatMap((run, i) => seriesOf(run, lines[i]!, i)),
      ...starts.flatMap((value, i) => isInside(value) ? [startOf([value], i % COLOURS)] : []),
      // At the edge they are in one place, so one mark stands for all.
      ...(outside.length > 0
        ? [startOf(outside, outside.length === 1 ? starts.indexOf(outside[0]!) % COLOURS : "ink")]
        : []),
    ],
    notes,
  };
}

/** Losses before training. */
function startOf(values: readonly number[], color: PanelSeries["color"]): PanelSeries {
  return { color, mark: "rings", x: values.map(() => 0), y: values };
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
  const { trained } = shownEvaluations(evaluations);
  const validated = trained.filter(hasValidation);
  const hasTests = trained.length > 0;
  const tests = {
    x: trained.map(({ step }) => step),
    y: trained.map(({ testLoss }) => testLoss),
  };
  // One test loss is a dot, which a legend's line would not name.
  const isLine = trained.length > 1;
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
        mark: validated.length > 1 ? "dashes" : "dots",
        x: validated.map(({ step }) => step),
        y: validated.map(({ validationLoss }) => validationLoss!),
        width: validated.length > 1 ? 1.4 : 3.5,
      } as const,
    ]),
    ...(isLine ? [{ color, mark: "line", ...tests, width: 2, ...label } as const] : []),
    ...(hasTests
      ? [
        {
          color,
          mark: "dots",
          ...tests,
          width: trained.length > 60 ? 3 : 5,
          ...(isLine ? {} : label),
        } as const,
      ]
      : []),
  ];
}

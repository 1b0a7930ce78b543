import { type Panel, panelsPlot } from "../../plot/panels_plot.ts";
import {
  type GradientComparison,
  type GradientFigures,
  REFERENCE_TOLERANCE,
} from "../evaluation/gradient_comparison.ts";
import type { Block } from "../pages/document.ts";
import { grouped, number, percent, twoDigits, withError } from "../pages/format.ts";
import type { GradientsPart } from "../pages/parts.ts";
import { type PlannedSection, prose, slug } from "../plan.ts";
import { figure } from "../run_context.ts";
import type { SectionContext } from "../section_context.ts";

/** Plans the comparison of exact trace with Hutchinson and of direct gradient with adjoint. */
export function planGradients(
  { title, markdown, comparison }: GradientsPart,
  { id }: SectionContext,
): PlannedSection {
  return {
    id: id(slug(title)),
    title,
    pieces: [{
      label: title,
      make: async () => [
        prose(markdown),
        comparisonTable(comparison),
        prose(tableWords(comparison)),
        await comparisonFigure(comparison),
        prose(probeWords(comparison)),
      ],
    }],
    sections: [],
    outcome: () => null,
  };
}

const traceWords = { exact: "exact", hutchinson: "Hutchinson" } as const;

function comparisonTable({ figures, rows }: GradientComparison): Block {
  return {
    kind: "table",
    label: `Loss and gradient of one batch of ${rows} points, computed in ${figures.length} ways`,
    look: "records",
    columns: [
      { name: "trace, gradient, tolerance", align: "left" },
      { name: "loss", align: "right" },
      { name: "error", align: "right" },
      { name: "solver's", align: "right" },
      { name: "NFE", align: "right" },
      { name: "ms", align: "right" },
      { name: "steps kept", align: "right" },
    ],
    rows: figures.map((one) => [
      `${traceWords[one.trace]}, ${one.gradient}, ${exponent(one.tolerance)}`,
      one.loss.toFixed(4),
      share(one.gradientError),
      share(one.solverError),
      `${grouped(Math.round(one.nfe))} + ${grouped(Math.round(one.backwardNfe))}`,
      one.stepMs.toFixed(1),
      one.recordBytes === 0 ? "none" : `${Math.round(one.recordBytes / 2 ** 20)} MiB`,
    ]),
  };
}

/** A relative error as a percentage of two digits. */
function share(error: number): string {
  return `${twoDigits(100 * error)} %`;
}

function exponent(tolerance: number): string {
  return `$10^{${Math.round(Math.log10(tolerance))}}$`;
}

function tableWords({ gradientNorm }: GradientComparison): string {
  return "Loss: in nats. Error: relative $L^2$ distance of the gradient to the one with the exact trace " +
    `at tolerance ${exponent(REFERENCE_TOLERANCE)}, whose norm is ` +
    `${number(gradientNorm)}. Solver's: the distance to the gradient with the same trace and ` +
    "probes at that tolerance. NFE: field evaluations of the forward solve, and those with their VJPs " +
    "of the gradient: for the direct one per stage of each accepted step, for the adjoint those of " +
    "its own solve. Ms: the median per step, measured on this machine. Steps kept: memory of the " +
    "recorded steps with their activations, in blocks of 2 MiB, with one thread of the CPU engine; " +
    "the adjoint keeps the final state alone and solves backwards.\n\n" +
    "The direct gradient is, up to rounding, the exact gradient of the loss as the solver computes it " +
    "at this tolerance; its error says how far that is from the gradient of the flow's loss. The " +
    "adjoint's is that of the flow, up to the errors of its solve.";
}

/** Way, colour and label of a line. */
const lines = [
  { trace: "exact", gradient: "direct", color: 0, label: "exact, direct" },
  { trace: "exact", gradient: "adjoint", color: 1, label: "exact, adjoint" },
  { trace: "hutchinson", gradient: "direct", color: 2, label: "Hutchinson, direct" },
  { trace: "hutchinson", gradient: "adjoint", color: 4, label: "Hutchinson, adjoint" },
] as const;

async function comparisonFigure({ figures, probes }: GradientComparison): Promise<Block> {
  const cost = ({ nfe, backwardNfe }: GradientFigures) => nfe + backwardNfe;
  const byCost: Panel = {
    title: "Error of the gradient against its cost",
    x: { label: "field evaluations, forward and backward", scale: "log" },
    y: { label: "relative error", scale: "log" },
    series: lines.flatMap(({ trace, gradient, color, label }) => {
      const own = figures.filter((one) => one.trace === trace && one.gradient === gradient);
      const x = own.map(cost), y = own.map(({ gradientError }) => gradientError);
      return [
        { label, color, mark: "line", x, y, width: 1.6 },
        { color, mark: "dots", x, y, width: 7 },
      ] as const;
    }),
  };
  const x = probes.meanErrors.map(({ draws }) => draws);
  const byDraws: Panel = {
    title: "Hutchinson's noise averages out",
    x: { label: "draws of the probes averaged", scale: "log" },
    y: { label: "relative error of the mean", scale: "log" },
    series: [
      {
        label: "noise / √draws",
        color: "ink",
        mark: "dashes",
        x,
        y: x.map((draws) => probes.noise / Math.sqrt(draws)),
      },
      {
        label: "mean gradient",
        color: 2,
        mark: "line",
        x,
        y: probes.meanErrors.map(({ error }) => error),
      },
      {
        color: 2,
        mark: "dots",
        x,
        y: probes.meanErrors.map(({ error }) => error),
        width: 7,
      },
    ],
  };
  return await figure({
    draw: (size) => panelsPlot([byCost, byDraws], size),
    alt:
      "Left, the error of the gradient against field evaluations for the four ways; right, the " +
      "error of Hutchinson's mean gradient against the number of draws, on logarithmic axes.",
    caption:
      "The error of the gradient, at two tolerances per line, against its field evaluations; " +
      "and the error of the mean of several Hutchinson gradients, which falls with their number as " +
      "that of an unbiased estimator does.",
  });
}

function probeWords({ probes }: GradientComparison): string {
  const { draws, tolerance, exactLoss, loss, lossStdErr, noise } = probes;
  return `Over ${draws} draws of the probes at ${exponent(tolerance)}, Hutchinson's loss is ${
    withError(loss, lossStdErr)
  } nats (mean and its standard error; one draw deviates by ${
    number(lossStdErr * Math.sqrt(draws))
  }), the exact one ${exactLoss.toFixed(4)}: ${
    (Math.abs(loss - exactLoss) / lossStdErr).toFixed(1)
  } standard errors apart. The gradient of one draw deviates by ${percent(noise)} of the exact ` +
    "gradient's norm.";
}

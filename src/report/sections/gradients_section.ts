import { type Panel, panelsPlot } from "../../plot/panels_plot.ts";
import {
  type GradientComparison,
  type GradientFigures,
  REFERENCE_TOLERANCE,
} from "../evaluation/gradient_comparison.ts";
import type { Block } from "../pages/document.ts";
import { grouped, number, twoDigits, withError } from "../pages/format.ts";
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
        prose(columnWords(comparison)),
        prose(findings(comparison)),
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
      { name: "way", align: "left" },
      { name: "loss", align: "right" },
      { name: "error", align: "right" },
      { name: "solver's part", align: "right" },
      { name: "NFE", align: "right" },
      { name: "ms", align: "right" },
      { name: "records", align: "right" },
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
  const value = 100 * error;
  return `${value < 99.5 ? value.toPrecision(2) : grouped(Math.round(value))}\u00a0%`;
}

function exponent(tolerance: number): string {
  return `$10^{${Math.round(Math.log10(tolerance))}}$`;
}

/** What the columns are. */
function columnWords({ gradientNorm }: GradientComparison): string {
  const reference = exponent(REFERENCE_TOLERANCE);
  return "- **Way**: trace, gradient, and rtol and atol of every solve.\n" +
    "- **Loss**: of the batch, in nats.\n" +
    "- **Error**: relative $L^2$ distance of the gradient to the one with the exact trace " +
    `at tolerance ${reference}, whose norm is ${number(gradientNorm)}.\n` +
    "- **Solver's part**: the distance to the gradient with the same trace and probes at tolerance " +
    `${reference}.\n` +
    "- **NFE**: field evaluations of the forward solve, plus those with a VJP for the gradient: of " +
    "the direct one per stage of each accepted step; of the adjoint those of its own solve and of " +
    "the integral over the weights' derivatives.\n" +
    "- **Ms**: median time of loss and gradient on this machine.\n" +
    "- **Records**: memory of the recorded steps with their activations, in blocks of 2 MiB, with " +
    "one thread of the CPU engine. The adjoint keeps the final state only and solves backwards.";
}

/** What the table shows. */
function findings({ figures, probes }: GradientComparison): string {
  const of = (gradient: "direct" | "adjoint", tolerance: number) =>
    figures.find((one) =>
      one.trace === "exact" && one.gradient === gradient && one.tolerance === tolerance
    )!;
  const tolerances = [...new Set(figures.map(({ tolerance }) => tolerance))].sort((a, b) => b - a);
  const errors = tolerances.map((tolerance) =>
    `${share(of("direct", tolerance).solverError)} (direct) and ` +
    `${share(of("adjoint", tolerance).solverError)} (adjoint) at ${exponent(tolerance)}`
  );
  const fine = tolerances.at(-1)!;
  const times = of("adjoint", fine).backwardNfe / of("direct", fine).backwardNfe;
  return "The direct gradient is, up to rounding, the exact gradient of the loss as the solver " +
    "computes it at this tolerance, which is what training minimises; the adjoint's is that of the " +
    "flow's own loss, up to the errors of its solve. With the exact trace their errors are " +
    `${errors.join(", ")}. One draw of Hutchinson's probes deviates by ${share(probes.noise)} of ` +
    "the gradient's norm at any tolerance. For the gradient the adjoint takes " +
    `${twoDigits(times)} times as many field evaluations at ${exponent(fine)}, and no memory for ` +
    "records.";
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
    title: "Gradient error against cost",
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
  const { draws, tolerance, exactLoss, loss, lossStdErr } = probes;
  return `Over ${draws} draws of the probes at ${exponent(tolerance)}, Hutchinson's loss is ${
    withError(loss, lossStdErr)
  } nats (mean and its standard error; one draw deviates by ${
    number(lossStdErr * Math.sqrt(draws))
  }), the exact one ${exactLoss.toFixed(4)}: ${
    (Math.abs(loss - exactLoss) / lossStdErr).toFixed(1)
  } standard errors apart.`;
}

import { type Panel, type PanelSeries, panelsPlot } from "../../plot/panels_plot.ts";
import type { FmVarianceCheck } from "./check.ts";
import { proved } from "./gaussian_path.ts";
import { SAMPLES } from "./marginal.ts";
import { HIGH_DIMENSION, VECTORS } from "./norms.ts";
import { withThousands } from "../../core/text/thousands.ts";

const fine = Array.from({ length: 201 }, (_, i) => i / 200);
const time = { label: "t", range: [-0.02, 1.02] } as const;

/** The result of the check in panels. */
export function panels(check: FmVarianceCheck): readonly Panel[] {
  return [
    variancePanel(check),
    normPanel(check),
    pathsPanel(check, "lines"),
    pathsPanel(check, "field"),
  ];
}

/** Draws the result of the check as a PNG file. */
export function drawFmVariance(check: FmVarianceCheck): Promise<Uint8Array> {
  return panelsPlot(panels(check), {
    title: "Between two equal Gaussians, flow matching contracts and expands",
    subtitle: "xₜ = t x₁ + (1 − t) x₀ with x₀ and x₁ normal, variance s² = 1",
  });
}

function variancePanel({ rows }: FmVarianceCheck): Panel {
  const correlations = [1, 0.5, 0, -0.5, -1];
  const colors = [3, 4, 0, 1, 2];
  const series = correlations.flatMap((rho, i): PanelSeries[] => {
    const path = { s: 1, rho, sigmaMin: 0 };
    const sampled = rows.filter((row) => row.s === 1 && row.rho === rho && row.sigmaMin === 0);
    const color = colors[i]!;
    return [
      {
        label: `${i === 0 ? "ρ = " : ""}${rho}`.replace("-", "−"),
        color,
        mark: "line",
        x: fine,
        y: fine.map((t) => proved.variance(path, t)),
      },
      {
        color,
        mark: "dots",
        x: sampled.map(({ t }) => t),
        y: sampled.map(({ variance }) => variance),
        yError: sampled.map(({ stdErr }) => 3 * stdErr),
      },
    ];
  });
  return {
    title: "Variance, by the correlation ρ of x₀ and x₁",
    x: time,
    y: { label: "variance of xₜ", range: [-0.04, 1.1] },
    series,
    notes: [
      `Lines: the theorem. Points: ${
        withThousands(SAMPLES)
      } samples each, bars of 3 standard errors.`,
    ],
  };
}

function pathsPanel({ trajectories }: FmVarianceCheck, which: "lines" | "field"): Panel {
  const { t, pairs, field } = trajectories;
  const path = { s: 1, rho: 0, sigmaMin: 0 };
  const twoStd = fine.map((time) => 2 * Math.sqrt(proved.variance(path, time)));
  const curves = which === "lines"
    ? pairs.map(([x0, x1]) => ({ x: [0, 1], y: [x0, x1] }))
    : field.map((y) => ({ x: t, y }));
  const limit = Math.max(3, ...curves.flatMap(({ y }) => y.map((value) => 1.04 * Math.abs(value))));
  return {
    title: which === "lines"
      ? "Samples: straight lines to independent x₁"
      : "The marginal field u = x d log std / dt",
    x: time,
    y: { label: which === "lines" ? "xₜ" : "x(t)", range: [-limit, limit] },
    series: [
      {
        label: "±2 std(t)",
        color: 3,
        mark: "area",
        x: fine,
        y: twoStd,
        low: twoStd.map((value) => -value),
        opacity: 0.22,
      },
      ...curves.map(({ x, y }): PanelSeries => ({
        color: which === "lines" ? 0 : 1,
        mark: "line",
        x,
        y,
        width: 1,
        opacity: 0.7,
      })),
    ],
    notes: [
      which === "lines"
        ? "ρ = 0. The lines cross; halfway the cloud is narrowest."
        : "From the same starts, in towards 0 and back: the same variance at every t.",
    ],
  };
}

function normPanel({ norms }: FmVarianceCheck): Panel {
  const path = { s: 1, rho: 0, sigmaMin: 0 };
  const band = (d: number, color: number): PanelSeries => {
    const rows = norms.filter((row) => row.d === d);
    return {
      label: `d = ${d}`,
      color,
      mark: "area",
      x: rows.map(({ t }) => t),
      y: rows.map(({ radiusHigh }) => radiusHigh),
      low: rows.map(({ radiusLow }) => radiusLow),
      opacity: d === HIGH_DIMENSION ? 0.55 : 0.2,
    };
  };
  return {
    title: "In 784 dimensions the cloud leaves its shell",
    x: time,
    y: { label: "|xₜ| / (s√d)", range: [0, 1.8] },
    series: [
      band(2, 1),
      band(HIGH_DIMENSION, 0),
      { label: "the shell", color: "ink", mark: "dashes", x: [0, 1], y: [1, 1], width: 1.4 },
      {
        label: "std(t) / s",
        color: "ink",
        mark: "line",
        x: fine,
        y: fine.map((t) => Math.sqrt(proved.variance(path, t))),
        width: 1.2,
      },
    ],
    notes: [`Bands: 90% of ${withThousands(VECTORS)} sampled vectors. ρ = 0.`],
  };
}

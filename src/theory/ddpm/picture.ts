import { type Panel, type PanelSeries, panelsPlot } from "../../plot/panels_plot.ts";
import type { Breakdown } from "./breakdown.ts";
import type { DdpmCheck } from "./check.ts";
import { coarsest } from "./problem.ts";
import { withThousands } from "../../core/text/thousands.ts";

const BLUE = 0, ORANGE = 1, RED = 2, VIOLET = 4;

const steps = { label: "number of steps N", scale: "log" } as const;

function residualPanel({ rows, slope, slopeStdErr, leading, claims }: DdpmCheck): Panel {
  const x = rows.map((row) => row.steps);
  return {
    title: "One step: ancestral − Euler-Maruyama",
    x: steps,
    y: { label: "residual of one step (RMS)", scale: "log" },
    series: [
      {
        label: "predicted: slope 2",
        color: "ink",
        mark: "dashes",
        x,
        y: x.map((n) => leading / n ** 2),
      },
      { label: "measured", color: BLUE, mark: "dots", x, y: rows.map((row) => row.residual) },
    ],
    notes: [
      `Fitted slope in 1/N: ${slope.toFixed(3)} ± ${
        slopeStdErr.toFixed(3)
      }; by the theorem it is ` +
      `within ${claims[0]!.tolerance.toFixed(3)} of 2. Same x, same ε, exact score, β(t) from ` +
      "0.1 to 2.",
    ],
  };
}

function breakdownPanel(breakdown: readonly Breakdown[]): Panel {
  const hues = [BLUE, VIOLET, RED];
  const series = breakdown.map(({ betaMax, rows }, i): PanelSeries => {
    // At N = 10,240 the residual is within a thousandth of its limit.
    const last = rows.at(-1)!;
    const limit = (last.residual ?? NaN) * last.steps ** 2;
    return {
      label: `β(1) = ${betaMax}`,
      color: hues[i]!,
      mark: "dots",
      x: rows.map((row) => row.steps),
      y: rows.map(({ steps, residual }) => (residual ?? NaN) * steps ** 2 / limit),
    };
  });
  const stepless = breakdown.flatMap(({ rows }, i): PanelSeries[] => {
    const none = rows.filter(({ residual }) => residual === null).length;
    if (none === 0) return [];
    const x = [rows[0]!.steps / 1.3, rows[none - 1]!.steps * Math.SQRT2];
    return [{ color: hues[i]!, mark: "area", opacity: 0.14, x, y: [2, 2] }];
  });
  const slopes = breakdown.map(({ betaMax, slope }) =>
    `${slope === null ? "not a number" : slope.toFixed(3)} at ${betaMax}`
  );
  return {
    title: "Where β(t) grows too large for N",
    x: { ...steps, range: [coarsest / 1.3, 14_000] },
    y: { label: "residual / its slope-2 line", range: [0.95, 1.4] },
    series: [
      ...stepless,
      { color: "ink", mark: "dashes", width: 1.4, x: [1, 1e5], y: [1, 1] },
      ...series,
    ],
    notes: [
      `Dashes: the slope-2 line itself. Slope over all N: ${slopes.join(", ")}, ` +
      "where in the red band βₜ is 1 or more and there is no step to take.",
    ],
  };
}

function coefficientsPanel(): Panel {
  const x = Array.from({ length: 199 }, (_, i) => (i + 0.5) / 200);
  const curve = (label: string, color: number, mark: "line" | "dashes", f: (b: number) => number) =>
    ({ label, color, mark, x, y: x.map(f) }) satisfies PanelSeries;
  return {
    title: "What breaks as βₜ nears 1",
    x: { label: "βₜ", range: [0, 1] },
    y: { label: "factor", range: [0, 5] },
    series: [
      curve("of x: 1/√(1−βₜ)", BLUE, "line", (b) => 1 / Math.sqrt(1 - b)),
      curve("1 + βₜ/2", BLUE, "dashes", (b) => 1 + b / 2),
      curve("of the score: βₜ/√(1−βₜ)", ORANGE, "line", (b) => b / Math.sqrt(1 - b)),
      curve("βₜ", ORANGE, "dashes", (b) => b),
      { color: "ink", mark: "line", opacity: 0.5, width: 1.2, x: [0.2, 0.2], y: [0, 5] },
    ],
    notes: [
      "Lines: ancestral. Dashes: Euler-Maruyama. The check stays left of the upright line, βₜ ≤ 0.2.",
    ],
  };
}

function distancePanel({ distances, floor }: DdpmCheck): Panel {
  const x = distances.map((row) => row.steps);
  const y = (key: keyof typeof distances[number]) => distances.map((row) => row[key]);
  const wide = [x[0]! / 1.2, x.at(-1)! * 1.2];
  const level = (value: number) => wide.map(() => value);
  return {
    title: "Distance to the data’s law",
    x: { ...steps, range: [wide[0]!, wide[1]!] },
    y: { label: "W₁", scale: "log" },
    series: [
      {
        label: `floor of ${withThousands(floor.samples)} draws`,
        color: 3,
        mark: "area",
        x: wide,
        y: level(floor.mean + floor.stdDev),
        low: level(floor.mean - floor.stdDev),
      },
      { label: "ancestral", color: BLUE, mark: "line", x, y: y("ancestral") },
      { label: "Euler-Maruyama", color: ORANGE, mark: "dashes", x, y: y("eulerMaruyama") },
      { color: BLUE, mark: "dots", x, y: y("ancestralSample") },
      { color: ORANGE, mark: "dots", width: 4, x, y: y("eulerMaruyamaSample") },
    ],
    notes: [
      "Lines: the samplers’ laws, by quadrature; they fall as 1/N. Dots: drawn points, which come " +
      "no nearer than draws from the data’s own law (band: mean ± standard deviation).",
    ],
  };
}

function densityPanel(check: DdpmCheck, n: number): Panel {
  const rows = check.densities.filter((row) => row.steps === n);
  const x = rows.map((row) => row.x);
  return {
    title: `Drawn with N = ${n} steps`,
    x: { label: "x" },
    y: { label: "density" },
    series: [
      { label: "ancestral", color: BLUE, mark: "bars", x, y: rows.map((row) => row.ancestral) },
      {
        label: "Euler-Maruyama",
        color: ORANGE,
        mark: "steps",
        x,
        width: 1.5,
        y: rows.map((row) => row.eulerMaruyama),
      },
      { label: "truth", color: "ink", mark: "line", x, y: rows.map((row) => row.truth) },
    ],
  };
}

/** The result of the check in panels. */
export function panels(check: DdpmCheck): readonly Panel[] {
  const drawn = [...new Set(check.densities.map((row) => row.steps))];
  return [
    residualPanel(check),
    breakdownPanel(check.breakdown),
    coefficientsPanel(),
    distancePanel(check),
    ...drawn.map((n) => densityPanel(check, n)),
  ];
}

/** Draws the result of the check as a PNG file. */
export function picture(check: DdpmCheck): Promise<Uint8Array> {
  return panelsPlot(panels(check), {
    title: "DDPM’s ancestral step against the reverse SDE’s Euler-Maruyama step",
  });
}

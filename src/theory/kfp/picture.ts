import { evenly } from "../../core/numbers/evenly.ts";
import { odeint } from "../../ode/odeint/odeint.ts";
import { dopri5 } from "../../ode/tableaus/dopri5.ts";
import { type Panel, type PanelSeries, panelsPlot } from "../../plot/panels_plot.ts";
import { bistableFlow, bistableLogDensity } from "./flows/bistable_flow.ts";
import type { CarriedDensity } from "./carried_density.ts";
import { type KfpCheck, NOISE } from "./check.ts";
import { PREDICTED_ORDER } from "./measurement.ts";
import { type NoisyDensity, ornsteinUhlenbeck } from "./flows/ornstein_uhlenbeck.ts";
import { solveThrough } from "./solve_through.ts";
import { noiseTerm } from "./special_form.ts";
import { differencesAlong, minusTrace, type RateOf } from "./total_derivative.ts";
import { trainedCnf } from "./flows/trained_cnf.ts";

/** Colours of the three highlighted trajectories, the same in the upper and the lower panels. */
const followed = [0, 1, 4] as const;

/** Diameter of the finite-difference dots, in plot units. */
const DOT = 6;

const rateAxis = { label: "nats per unit of time" } as const;

/** A series without points: one legend entry for several series. */
function key(label: string, mark: PanelSeries["mark"]): PanelSeries {
  return { label, color: "ink", mark, x: [], y: [], width: mark === "dots" ? DOT : undefined };
}

/** Both sides of an equation along a trajectory: right side as a line, differences as dots. */
async function bothSides<Density extends CarriedDensity>(
  density: Density,
  rate: RateOf<Density>,
  at: {
    readonly start: Float64Array;
    readonly from: number;
    readonly to: number;
    readonly dots: number;
    readonly color: number;
  },
): Promise<{ readonly path: readonly Float64Array[]; readonly series: readonly PanelSeries[] }> {
  const { start, from, to, color } = at;
  const steps = density.steps.slice(-1);
  const dots = await differencesAlong(density, { start, times: evenly(from, to, at.dots), steps });
  const times = evenly(from, to, 161);
  const path = await solveThrough(density.velocity, { t: from, x: dots[0]!.x }, times);
  return {
    path,
    series: [
      { color, mark: "line", x: times, y: path.map((x, i) => rate(density, times[i]!, x)) },
      {
        color,
        mark: "dots",
        width: DOT,
        x: dots.map(({ t }) => t),
        y: dots.map(({ quotients }) => quotients[0]!),
      },
    ],
  };
}

/** End of the bistable panel's time range. */
const END = 1.2;

/** Largest width of the profiles, which are drawn sideways, in units of time. */
const PROFILE = 0.2;

/** Bistable flow: trajectories and profiles of p at five times; below, both sides along three. */
async function bistablePanels(): Promise<[Panel, Panel]> {
  const grid = evenly(-1.6, 1.6, 321);
  const times = evenly(0, END, 5);
  const highest = Math.max(...times.flatMap((t) => grid.map((x) => bistableLogDensity(t, x))));
  const profiles = times.flatMap((t): PanelSeries[] => {
    const reach = grid.map((x) => {
      const share = Math.exp(bistableLogDensity(t, x) - highest);
      return share < 2e-3 ? NaN : PROFILE * share; // where there is nothing, no line
    });
    // The plot fills vertically only, so a sideways area is drawn as one stroke per point.
    const strokes = reach.flatMap((width, i) => [[t, grid[i]!], [t + width, grid[i]!], [NaN, NaN]]);
    return [
      {
        color: 0,
        mark: "line",
        opacity: 0.28,
        width: 1.2,
        x: strokes.map(([time]) => time!),
        y: strokes.map(([, x]) => x!),
      },
      { color: 0, mark: "line", width: 1.4, x: reach.map((width) => t + width), y: grid },
    ];
  });
  const path = async (start: number) => {
    const all = evenly(0, END, 61);
    const states = await solveThrough(bistableFlow.velocity, {
      t: 0,
      x: Float64Array.of(start),
    }, all);
    return { x: all, y: states.map((x) => x[0]!) };
  };
  const crowd = await Promise.all(evenly(-1.35, 1.35, 19).map(path));
  const starts = [1.15, 0.5, -0.12];
  const chosen = await Promise.all(starts.map(path));
  const sides = await Promise.all(
    starts.map((start, i) =>
      bothSides(bistableFlow, minusTrace, {
        start: Float64Array.of(start),
        from: 0.01,
        to: END,
        dots: 17,
        color: followed[i]!,
      })
    ),
  );
  return [
    {
      title: "x′ = x − x³ parts one hill in two",
      x: { label: "time t", range: [0, END + 1.15 * PROFILE] },
      y: { label: "x", range: [-1.6, 1.6] },
      series: [
        ...profiles,
        ...crowd.map((line): PanelSeries => ({
          ...line,
          color: "ink",
          mark: "line",
          width: 0.7,
          opacity: 0.45,
        })),
        ...chosen.map((line, i): PanelSeries => ({
          ...line,
          color: followed[i]!,
          mark: "line",
          width: 2.2,
        })),
        { label: "p(x, t), sideways", color: 0, mark: "area", x: [], y: [] },
        { ...key("trajectories", "line"), opacity: 0.45 },
      ],
    },
    {
      title: "Both sides along three trajectories",
      x: { label: "time t", range: [0, END + 1.15 * PROFILE] },
      y: rateAxis,
      series: [
        ...sides.flatMap(({ series }) => series),
        key("−tr(∂f/∂x)", "line"),
        key("d log p/dt, differences", "dots"),
      ],
    },
  ];
}

/** Number of trajectories in the background. */
const CROWD = 160;

/** Trained CNF: trajectories from noise to data; below, both sides along three. */
async function cnfPanels(seed: number): Promise<[Panel, Panel]> {
  const starts = trainedCnf.starts(seed, CROWD);
  const together = (t: number, states: Float64Array) => {
    const slopes = new Float64Array(states.length);
    for (let i = 0; i < states.length; i += 2) {
      slopes.set(trainedCnf.velocity(t, states.slice(i, i + 2)), i);
    }
    return slopes;
  };
  const times = evenly(1, 0, 101);
  const { states } = await odeint(together, starts.flatMap((z) => [...z]), times, {
    tableau: dopri5,
    control: { kind: "adaptive", rtol: 1e-5, atol: 1e-5 },
  });
  const crowd = times.slice(1).map((t, k): PanelSeries => {
    const from = states[k]!, to = states[k + 1]!;
    const ends = (offset: number) =>
      starts.flatMap((_, i) => [from[2 * i + offset]!, to[2 * i + offset]!, NaN]);
    return {
      color: { time: 1 - t },
      mark: "line",
      width: 0.8,
      opacity: 0.5,
      x: ends(0),
      y: ends(1),
    };
  });
  const column = (state: Float64Array, offset: number) =>
    starts.map((_, i) => state[2 * i + offset]!);
  const cloud = (state: Float64Array, label: string, time: number): PanelSeries => ({
    label,
    color: { time },
    mark: "dots",
    width: 2.6,
    opacity: 0.9,
    x: column(state, 0),
    y: column(state, 1),
  });
  const sides = await Promise.all(
    followed.map((color, i) =>
      bothSides(trainedCnf, minusTrace, {
        start: starts[i]!,
        from: 0.01,
        to: 0.99,
        dots: 33,
        color,
      })
    ),
  );
  return [
    {
      title: "A trained CNF carries noise to two moons",
      x: { label: "x₁" },
      y: { label: "x₂" },
      equalAspect: true,
      series: [
        ...crowd,
        cloud(states[0]!, "noise, t = 1", 0),
        cloud(states.at(-1)!, "data, t = 0", 1),
        ...sides.map(({ path }, i): PanelSeries => ({
          color: followed[i]!,
          mark: "line",
          width: 2.4,
          x: path.map((point) => point[0]!),
          y: path.map((point) => point[1]!),
        })),
      ],
    },
    {
      title: "Both sides along three of them",
      x: { label: "time t, from data (0) to noise (1)", range: [0, 1] },
      y: rateAxis,
      series: [
        ...sides.flatMap(({ series }) => series),
        key("−tr(∂f/∂x)", "line"),
        key("d log p/dt, differences", "dots"),
      ],
    },
  ];
}

/** Errors against the step, with the predicted slope of a central difference. */
function orderPanel({ rows, orders, order }: KfpCheck): Panel {
  const cases = Object.keys(orders).map((name) => rows.filter((row) => row.case === name));
  return {
    title: `The error falls as the step squared: order ${order.toFixed(3)}`,
    x: { label: "step h", scale: "log" },
    y: { label: "difference of the two sides", scale: "log" },
    series: [
      ...cases.map((points, i): PanelSeries => {
        const last = points.at(-1)!;
        return {
          label: i === 0 ? "predicted slope, 2" : undefined,
          color: "ink",
          mark: "dashes",
          width: 1.1,
          x: points.map(({ step }) => step),
          y: points.map(({ step }) => last.error * (step / last.step) ** PREDICTED_ORDER),
        };
      }),
      ...cases.map((points, i): PanelSeries => ({
        label: points[0]!.case,
        color: [0, 1, 2, 4, 3][i]!,
        mark: "dots",
        width: DOT + 0.6,
        x: points.map(({ step }) => step),
        y: points.map(({ error }) => error),
      })),
    ],
  };
}

/** With noise: the general equation holds, the special form fails. */
async function noisePanel(seed: number): Promise<Panel> {
  const density = ornsteinUhlenbeck(NOISE);
  const whole: RateOf<NoisyDensity> = (of, t, x) => minusTrace(of, t, x) + noiseTerm(of, t, x);
  const starts = density.starts(seed, followed.length);
  const sides = await Promise.all(
    followed.map((color, i) =>
      bothSides(density, whole, { start: starts[i]!, from: 0.01, to: 2, dots: 21, color })
    ),
  );
  const ends = [0, 2];
  return {
    title: `With noise, g = ${NOISE}, the special form fails`,
    x: { label: "time t", range: [0, 2] },
    y: rateAxis,
    series: [
      ...sides.flatMap(({ series }) => series),
      {
        label: "special form, −tr(∂f/∂x)",
        color: 2,
        mark: "dashes",
        x: ends,
        y: ends.map((t) => -density.trace(t, starts[0]!)),
      },
      key("general, −tr(∂f/∂x) + ½g² Δp/p", "line"),
      key("d log p/dt, differences", "dots"),
    ],
  };
}

/**
 * Two densities transported along trajectories with both sides of the equation below each, the
 * errors of all cases against the step, and the effect of noise. Solves ODEs: takes seconds.
 */
export async function panels(check: KfpCheck): Promise<readonly Panel[]> {
  const [hill, hillSides] = await bistablePanels();
  const [moons, moonsSides] = await cnfPanels(check.seed);
  const beneath = [hillSides, moonsSides, orderPanel(check), await noisePanel(check.seed)];
  return [hill, moons, ...beneath];
}

/** Draws the panels as a PNG file. */
export async function picture(check: KfpCheck): Promise<Uint8Array> {
  return await panelsPlot(await panels(check), {
    title: "A density carried by a flow: d log p(x(t), t)/dt = −tr(∂f/∂x)",
    subtitle: "The special case g = 0 of the Kolmogorov-Fokker-Planck equation " +
      "∂p/∂t = −div(f p) + ½g² Δp",
  });
}

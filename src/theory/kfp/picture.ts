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

/** Colours of the three trajectories that are followed, the same above and beneath. */
const followed = [0, 1, 4] as const;

/** Of the dots that stand for finite differences, as the plot measures. */
const DOT = 6;

const rateAxis = { label: "nats per unit of time" } as const;

function evenly(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + (to - from) * i / (count - 1));
}

/** A series without points: an entry in the legend that stands for several. */
function key(label: string, mark: PanelSeries["mark"]): PanelSeries {
  return { label, color: "ink", mark, x: [], y: [], width: mark === "dots" ? DOT : undefined };
}

/** Both sides of an equation along a trajectory: a line for the right one, dots for the differences. */
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

/** Until when the hill is watched as it parts. */
const END = 1.2;

/** Widest of the profiles that stand sideways in the panel, in units of time. */
const PROFILE = 0.2;

/** The bistable flow: profiles of p at five times, trajectories; and beneath, both sides along three. */
async function bistablePanels(): Promise<[Panel, Panel]> {
  const grid = evenly(-1.6, 1.6, 321);
  const times = evenly(0, END, 5);
  const highest = Math.max(...times.flatMap((t) => grid.map((x) => bistableLogDensity(t, x))));
  const profiles = times.flatMap((t): PanelSeries[] => {
    const reach = grid.map((x) => {
      const share = Math.exp(bistableLogDensity(t, x) - highest);
      return share < 2e-3 ? NaN : PROFILE * share; // where there is nothing, no line
    });
    // The plot fills upwards only: what lies under a sideways curve is drawn as one stroke a point.
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

/** Trajectories beside the three that are followed. */
const CROWD = 160;

/** The trained CNF: its trajectories from noise to data; and beneath, both sides along three. */
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

/** Errors against steps, and the slope that the finite difference predicts. */
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

/** With noise: the general equation holds, the special form does not. */
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
 * Two densities carried along their trajectories, both sides of the equation beneath each; the
 * errors of all cases against the step; and what noise changes.
 *
 * @returns A PNG file.
 */
export async function picture(check: KfpCheck): Promise<Uint8Array> {
  const [hill, hillSides] = await bistablePanels();
  const [moons, moonsSides] = await cnfPanels(check.seed);
  const beneath = [hillSides, moonsSides, orderPanel(check), await noisePanel(check.seed)];
  return panelsPlot([hill, moons, ...beneath], {
    title: "A density carried by a flow: d log p(x(t), t)/dt = −tr(∂f/∂x)",
    subtitle: "The special case g = 0 of the Kolmogorov-Fokker-Planck equation " +
      "∂p/∂t = −div(f p) + ½g² Δp",
    columns: 2,
  });
}

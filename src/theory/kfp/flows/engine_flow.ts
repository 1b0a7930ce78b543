import * as tf from "../../../core/tfjs/library.ts";
import { Parameters } from "../../../core/parameters.ts";
import { solveOn } from "../../../ode/engines/engines.ts";
import { enginesOf } from "../../../ode/engines/open_device.ts";
import type { Tableau } from "../../../ode/tableau.ts";
import { dopri5 } from "../../../ode/tableaus/dopri5.ts";
import { euler } from "../../../ode/tableaus/euler.ts";
import type { Backend, BackendKind } from "../../../backends/backend.ts";
import { type Claim, claim } from "../../theorem.ts";
import { formula, stated, type Statement } from "../../statement.ts";
import { followFlow, stencilLogDet, stencilSize, stencilStarts } from "./flow_map.ts";
import { cnfNetwork, cnfWeights, trainedCnf } from "./trained_cnf.ts";

/** Number of trajectories from prior to data. */
const POINTS = 4;

/**
 * Distance of neighbouring starts in float32. Rounding of 1e-7 becomes 5e-6 in a difference
 * quotient; the truncation error is its fourth power, 2e-7, times a fifth derivative.
 */
const DISTANCE = 0.02;

/** Fixed steps from t = 1 to t = 0; the solver's error is then below float32 rounding. */
const STEPS = 64;

const { rowWidth: dims } = cnfNetwork;

/** The same flow by an engine in float32 and by `odeint` in float64; [POINTS] each. */
export interface EngineFlow {
  /** tr(df/dx) at the starts by the engine, read off an Euler step of length 1. */
  readonly traces: readonly number[];
  /** tr(df/dx) at the starts in float64. */
  readonly exactTraces: readonly number[];
  /** Positions at t = 0 by the engine, [POINTS][d]. */
  readonly ends: readonly Float64Array[];
  /** Positions at t = 0 in float64. */
  readonly exactEnds: readonly Float64Array[];
  /** log|det| of the engine's flow map, by finite differences of its solutions. */
  readonly logDets: readonly number[];
  /** log|det| of the float64 flow map. */
  readonly exactLogDets: readonly number[];
  /** Integral of the trace from t = 1 to t = 0, solved by the engine. */
  readonly integrals: readonly number[];
}

/** Solves the embedded CNF with the first engine of an open backend that supports it. */
export async function measureEngine(backend: Backend, seed: number): Promise<EngineFlow> {
  const starts = trainedCnf.starts(seed, POINTS);
  const size = stencilSize(dims);
  const around = starts.map((z) => stencilStarts(z, DISTANCE));
  const [step, solved] = await withEngine(backend, async (solve) => [
    await solve(starts, { t1: 0, tableau: euler, steps: 1 }),
    await solve(around, { t1: 0, tableau: dopri5, steps: STEPS }),
  ]);
  const images = around.map((_, i) => solved!.z.slice(i * size * dims, (i + 1) * size * dims));
  const exact = await Promise.all(
    starts.map(async (x) => (await followFlow(trainedCnf.velocity, { t: 1, x }, [0]))[0]!),
  );
  return {
    // d logp/dt is minus the trace, and the step is -1.
    traces: Array.from(step!.logp),
    exactTraces: starts.map((z) => trainedCnf.trace(1, z)),
    ends: images.map((image) => image.slice(0, dims)),
    exactEnds: exact.map(({ x }) => x),
    logDets: images.map((image) => stencilLogDet(image, dims, DISTANCE)),
    exactLogDets: exact.map(({ logDet }) => logDet),
    integrals: starts.map((_, i) => -solved!.logp[i * size]!),
  };
}

/** Solves rows of (z, logp) from logp = 0 at t = 1 to t1. */
type Solve = (
  blocks: readonly Float64Array[],
  how: { readonly t1: number; readonly tableau: Tableau; readonly steps: number },
) => Promise<{ readonly z: Float64Array; readonly logp: Float64Array }>;

/** Calls `use` with a solver of the embedded CNF; disposes all tensors afterwards. */
async function withEngine<T>(backend: Backend, use: (solve: Solve) => Promise<T>): Promise<T> {
  const engines = enginesOf(backend);
  const parameters = Parameters.fromFlat(cnfNetwork.layout, cnfWeights);
  const solve: Solve = async (blocks, { t1, tableau, steps }) => {
    const points = blocks.flatMap((block) => Array.from(block));
    const n = points.length / dims;
    const y0 = tf.tidy(() => tf.concat2d([tf.tensor2d(points, [n, dims]), tf.zeros([n, 1])], 1));
    const { solution } = await solveOn(engines, {
      field: { ...cnfNetwork.fused, parameters, trace: { kind: "exact" } },
      y0,
      t0: 1,
      t1,
      tableau,
      control: { kind: "fixed", steps },
      controlGroup: "batch",
      maxSteps: steps,
      keep: { kind: "end" },
    }).finally(() => y0.dispose());
    try {
      const rows = await solution.y1.data();
      const z = new Float64Array(n * dims), logp = new Float64Array(n);
      for (let row = 0; row < n; row++) {
        const first = row * (dims + 1);
        z.set(rows.subarray(first, first + dims), row * dims);
        logp[row] = rows[first + dims]!;
      }
      return { z, logp };
    } finally {
      solution.dispose();
    }
  };
  try {
    return await use(solve);
  } finally {
    parameters.dispose();
  }
}

/**
 * Absolute tolerances for float32: a unit roundoff of 6e-8 over some 400 evaluations of a network
 * whose traces are near 1, differenced over a distance of 0.02. Observed on the CPU engine and on a
 * software WebGPU adapter: traces 2e-6, positions 5e-6, log-determinants 1e-4.
 */
const tolerances = { trace: 1e-4, position: 1e-4, logDet: 1e-3 } as const;

function largest(values: readonly number[]): number {
  return Math.max(...values.map(Math.abs));
}

function difference(a: readonly number[], b: readonly number[]): number[] {
  return a.map((value, i) => value - b[i]!);
}

/** Claims: the engine's flow agrees with float64, and its log|det| with its trace integral. */
export function judgeEngine(backend: BackendKind, flow: EngineFlow): Claim[] {
  const positions = flow.ends.map((end, i) => {
    return Math.hypot(...end.map((value, k) => value - flow.exactEnds[i]![k]!));
  });
  const none = (statement: Statement, values: readonly number[], tolerance: number) =>
    claim(stated`cnf on the ${backend} engine (float32): ${statement}; largest difference`, {
      observed: largest(values),
      expected: 0,
      tolerance,
    });
  const logDet = formula("log|det|", "\\log|\\det|");
  return [
    none(
      stated`the trace is that of float64`,
      difference(flow.traces, flow.exactTraces),
      tolerances.trace,
    ),
    none(
      stated`the flow map from prior to data is that of float64`,
      positions,
      tolerances.position,
    ),
    none(
      stated`the integral of the trace is ${logDet} of its own flow map, in nats`,
      difference(flow.integrals, flow.logDets),
      tolerances.logDet,
    ),
    none(
      stated`the integral of the trace is ${logDet} of the float64 flow map, in nats`,
      difference(flow.integrals, flow.exactLogDets),
      tolerances.logDet,
    ),
  ];
}

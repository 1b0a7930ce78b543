import * as tf from "@tensorflow/tfjs";
import type { Engine, SolveReport } from "../ode/engine.ts";
import { streams } from "../runtime/random.ts";
import { chunkOf } from "./chunks.ts";
import { drawTrace, requireMlp, requireSolved } from "./likelihood_problem.ts";
import {
  accurateSolve,
  dataTime,
  type FlowModel,
  priorTime,
  type SolveSettings,
  type TraceSettings,
} from "./model.ts";
import { logScaleSum, type PointValues, toModel } from "./standardization.ts";
import { standardNormalLogDensity } from "./standard_normal.ts";

/** Lane of {@link streams.evaluation} from which the probes of a likelihood are drawn. */
const PROBE_LANE = 2;

/** How a likelihood is found. */
export interface LogProbOptions {
  /** {@link accurateSolve} when left out. */
  readonly settings?: SolveSettings;
  /** `exact`, the default, costs d tangents. `hutchinson` is unbiased. */
  readonly trace?: TraceSettings;
  /** Of the probes; row i's probe is a function of (seed, i). 0 when left out. */
  readonly seed?: number;
}

/** Log-likelihoods, and what each control group of the solve did. */
export interface LogProbResult {
  /** [n], in nats of the data's units. */
  readonly logProb: Float64Array;
  /** What each control group of the solve did. */
  readonly reports: readonly SolveReport[];
}

/**
 * Log-density of points under a flow, in nats.
 *
 * Solves from the data's time to the prior's, carrying the change of
 * log-density, dlogp/dt = -tr(df/dz): log p(x) = log N(z; 0, I) - change.
 * Source: Chen et al. 2018, Neural ODEs, Theorem 1.
 *
 * Of standardised points, log p(x) = log p(z) - sum of log(scale).
 *
 * A row's result depends, within the tolerance, on the rows of its control
 * group; with `controlGroup: 1` every row stands alone.
 *
 * @param points [n * d], row-major, in the data's units.
 * @throws {InputError} If the model is one of images.
 * @throws {RangeError} If `points` is not a whole number of rows, or empty.
 * @throws {FailureError} If the solve of a control group cannot go on.
 */
export async function logProb(
  model: FlowModel,
  engine: Engine,
  points: PointValues,
  options: LogProbOptions = {},
): Promise<LogProbResult> {
  const { settings = accurateSolve, trace = { kind: "exact" }, seed = 0 } = options;
  const network = requireMlp(model);
  const { dims } = network;
  const n = points.length / dims;
  if (n < 1 || !Number.isInteger(n)) {
    throw new RangeError(`logProb: expected rows of ${dims} numbers, got ${points.length} numbers`);
  }
  const chunk = chunkOf(model, settings.controlGroup) ?? n;
  const logScale = logScaleSum(model.standardization);
  const result = new Float64Array(n);
  const reports: SolveReport[] = [];
  for (let start = 0; start < n; start += chunk) {
    const count = Math.min(chunk, n - start);
    const rows = points.slice(start * dims, (start + count) * dims);
    const y0 = tf.tidy(() => {
      const x = tf.tensor2d(toModel(model.standardization, rows), [count, dims]);
      return tf.concat2d([x, tf.zeros([count, 1])], 1);
    });
    const key = { seed, stream: streams.evaluation, lane: PROBE_LANE };
    const drawnTrace = drawTrace(trace, { key, firstRow: start, count, dims });
    const solution = await engine.solve({
      field: {
        kind: "mlp",
        dims,
        hidden: network.hidden,
        parameters: model.parameters,
        trace: drawnTrace,
      },
      y0,
      t0: dataTime(model.kind),
      t1: priorTime(model.kind),
      ...settings,
      keep: { kind: "end" },
    }).finally(() => y0.dispose());
    try {
      const chunkReports = await engine.report(solution);
      requireSolved(chunkReports, settings, start);
      reports.push(...chunkReports.map((report) => shiftRows(report, start)));
      const logDensity = tf.tidy(() => {
        const z = tf.slice2d(solution.y1, [0, 0], [count, dims]);
        const change = tf.reshape(tf.slice2d(solution.y1, [0, dims], [count, 1]), [count]);
        return tf.sub(standardNormalLogDensity(z), change) as tf.Tensor1D;
      });
      (await logDensity.data()).forEach((value, i) => result[start + i] = value - logScale);
      logDensity.dispose();
    } finally {
      solution.dispose();
    }
  }
  return { logProb: result, reports };
}

function shiftRows(report: SolveReport, by: number): SolveReport {
  return { ...report, rows: [report.rows[0] + by, report.rows[1] + by] };
}

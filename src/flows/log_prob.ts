import { quotedJson } from "../core/quoted.ts";
import { isImageNetwork } from "../nn/network.ts";
import type { SolveProblem, SolveReport } from "../ode/engines/engine.ts";
import { type Engines, readSolution, solveOn } from "../ode/engines/engines.ts";
import { describeFailure, requireSolved } from "../ode/solver/failure_message.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import { ChunkPace, chunkRows, type SolvedChunk } from "./chunks.ts";
import { changeColumns, probeEstimate } from "./divergence.ts";
import { drawTrace, requireTrace } from "./likelihood_problem.ts";
import {
  accurateSolve,
  dataTime,
  type FlowModel,
  priorTime,
  type SolveSettings,
  type TraceSettings,
} from "./model.ts";
import { requireFlowOptions, requireSolveSettings } from "./solve_settings.ts";
import { logDensities } from "./sources/number_density.ts";
import { requireLogDensity } from "./sources/source.ts";
import {
  dataWidth,
  logScaleSum,
  logVolumes,
  type PointValues,
  toModel,
  whyImpossibleRow,
} from "./standardization.ts";
import { columnsOf, withZeros } from "../ode/engines/number_rows.ts";
import { velocityField } from "./velocity_field.ts";

/** Options of {@link logProb}. */
export interface LogProbOptions {
  /** Default {@link accurateSolve}. */
  readonly settings?: SolveSettings;
  /**
   * `exact`, the default for points, costs d tangents. `hutchinson` is unbiased and, with one
   * Rademacher probe per row, the default for images.
   */
  readonly trace?: TraceSettings;
  /**
   * Seed of the probes and of the dequantisation noise; row i's are functions of (seed, i).
   * Default 0.
   */
  readonly seed?: number;
  /**
   * What happens to rows of a control group whose solve fails. `stop`, the default, throws.
   * `continue` re-solves them one by one; a row that fails again gets NaN and an entry in
   * `failures`, as does one whose density underflows.
   */
  readonly onFailure?: "stop" | "continue";
  /** Progress callback, called with the number of rows done. */
  readonly onRows?: (done: number) => void;
}

const OPTION_NAMES: Readonly<Record<keyof LogProbOptions, true>> = {
  ...{ settings: true, trace: true, seed: true, onFailure: true, onRows: true },
};

/** A row without a finite log-likelihood. */
export interface FailedRow {
  /** Row index, from 0. */
  readonly row: number;
  /** Reason for messages, without a full stop: "its solve stopped at t = 0.4 ...". */
  readonly reason: string;
}

/** Terms of log p(x) = source + trace + scale + volume per row, in nats, up to float32 rounding. */
export interface LogProbTerms {
  /** [n], log-density of the source at the end of the row's trajectory. */
  readonly source: Float64Array;
  /** [n], the integral of the trace along the trajectory: minus the change of log-density. */
  readonly trace: Float64Array;
  /**
   * [n], standard error of `trace` over the row's probes; null with fewer than two probes. 0 where
   * all Rademacher probes agree up to their sign, as few in few dimensions do, although they err.
   */
  readonly traceStdErr: Float64Array | null;
  /** Minus the sum of log(scale) over coordinates; 0 without standardisation. */
  readonly scale: number;
  /** [n], what the columns' transforms add: `logVolumes`. null if all columns are real. */
  readonly volume: Float64Array | null;
}

/** Log-likelihoods and a solve report per control group. */
export interface LogProbResult {
  /**
   * [n], in nats in the data's units. NaN: the row's solve failed. Minus infinity: the trajectory
   * ended beyond about 1e19, where float32 cannot hold the log-density, or the row has an impossible
   * value, such as 0 in a log column.
   */
  readonly logProb: Float64Array;
  /** The terms of `logProb`. */
  readonly terms: LogProbTerms;
  /** One report per control group, from the first solve. */
  readonly reports: readonly SolveReport[];
  /** In ascending order of rows; empty unless `onFailure` is `continue`. */
  readonly failures: readonly FailedRow[];
}

/**
 * Log-density of points under a flow, in nats.
 *
 * Solves from the data's time to the prior's, integrating dlogp/dt = -tr(df/dz) along:
 * log p(x) = log q(z) - change, with q the model's source.
 * Source: Chen et al. 2018, Neural ODEs, Theorem 1.
 *
 * For standardised points, log p(x) = log p(z) - sum of log(scale); transformed columns add
 * `logVolumes`. With discrete columns the result is a density over the others and a probability over
 * these, estimated by one draw of uniform dequantisation noise per row, whose mean is a lower bound.
 *
 * Within the tolerance, a row's result depends on the other rows of its control group; with
 * `controlGroup: 1` rows are independent.
 *
 * @param points [n * columns], row-major, in the data's units.
 * @throws {InputError} If the model's source has no known density.
 * @throws {RangeError} If an option is unknown, `points` is not a whole number of rows, or empty, or
 *   `settings` or `trace` are incomplete.
 * @throws {FailureError} If the solve of a control group fails and `onFailure` is `stop`.
 */
export async function logProb(
  model: FlowModel,
  engines: Engines,
  points: PointValues,
  options: LogProbOptions = {},
): Promise<LogProbResult> {
  requireFlowOptions("logProb", options, OPTION_NAMES);
  const { settings = accurateSolve, trace = defaultTrace(model), seed = 0, onFailure = "stop" } =
    options;
  if (onFailure !== "stop" && onFailure !== "continue") {
    throw new RangeError(
      `logProb: onFailure must be "stop" or "continue", got ${quotedJson(onFailure)}`,
    );
  }
  const dims = dataWidth(model);
  const n = points.length / dims;
  if (n < 1 || !Number.isInteger(n)) {
    throw new RangeError(`logProb: expected rows of ${dims} numbers, got ${points.length} numbers`);
  }
  requireSolveSettings("logProb", settings);
  requireTrace("logProb", trace);
  const volume = logVolumes(model.standardization, points);
  const solver = { model, engines, points, volume, trace, seed };
  const pace = new ChunkPace(model, settings);
  const logProb = new Float64Array(n), source = new Float64Array(n), integral = new Float64Array(n);
  const stdErr = trace.kind === "hutchinson" && (trace.count ?? 1) > 1 ? new Float64Array(n) : null;
  const keep = (row: number, solved: SolvedRows) => {
    logProb.set(solved.logProb, row);
    source.set(solved.source, row);
    integral.set(solved.trace, row);
    if (solved.traceStdErr !== null) stdErr?.set(solved.traceStdErr, row);
  };
  const reports: SolveReport[] = [];
  const failures: FailedRow[] = [];
  for (let start = 0, end = 0; start < n; start = end) {
    end = Math.min(start + pace.rows, n);
    const rows = [start, end] as const;
    const solved = await pace.timed(() => solveRows(solver, rows, settings));
    if (onFailure !== "continue") requireSolved(solved.reports, settings);
    keep(start, solved);
    reports.push(...solved.reports);
    options.onRows?.(end);
    if (onFailure !== "continue") continue;
    for (const group of solved.reports) {
      if (group.failure === null) continue;
      const alone = await solveAlone(solver, group, settings);
      alone.solved.forEach((part) => keep(part.first, part));
      failures.push(...alone.failures);
    }
    for (let row = start; row < end; row++) {
      if (logProb[row] !== -Infinity) continue;
      const values = points.slice(row * dims, (row + 1) * dims);
      const reason = whyImpossibleRow(model.standardization, values) ??
        "its solve ended too far from 0 for float32 to hold log p";
      failures.push({ row, reason });
    }
  }
  failures.sort((a, b) => a.row - b.row);
  const scale = 0 - logScaleSum(model.standardization);
  const terms = { source, trace: integral, traceStdErr: stdErr, scale, volume };
  return { logProb, terms, reports, failures };
}

/** Default trace: exact where it needs few directions. */
function defaultTrace({ network }: FlowModel): TraceSettings {
  return isImageNetwork(network)
    ? { kind: "hutchinson", distribution: "rademacher" }
    : { kind: "exact" };
}

/** Arguments shared by the solves of one call. */
interface RowSolver {
  readonly model: FlowModel;
  readonly engines: Engines;
  /** [n * columns], in the data's units. */
  readonly points: PointValues;
  /** `logVolumes` of `points`. */
  readonly volume: Float64Array | null;
  readonly trace: TraceSettings;
  readonly seed: number;
}

/** Values of rows starting at `first`; NaN for failed groups. */
interface SolvedRows {
  readonly first: number;
  readonly logProb: Float64Array;
  readonly source: Float64Array;
  readonly trace: Float64Array;
  readonly traceStdErr: Float64Array | null;
  readonly reports: readonly SolveReport[];
}

/** Solves rows [first, end). */
async function solveRows(
  { model, engines, points, volume, trace, seed }: RowSolver,
  [first, end]: readonly [number, number],
  settings: SolveSettings,
): Promise<SolvedChunk<SolvedRows>> {
  const dims = model.network.rowWidth;
  requireLogDensity(model.source);
  const count = end - first;
  const width = dataWidth(model);
  const rows = points.slice(first * width, end * width);
  const key = keyOf(subsequences.evaluationProbes, seed);
  const drawnTrace = drawTrace(trace, { key, firstRow: first });
  const columns = changeColumns(drawnTrace);
  const noise = { key: keyOf(subsequences.evaluationTableNoise, seed), firstRow: first };
  const x = toModel(model.standardization, rows, noise);
  const problem: SolveProblem = {
    field: velocityField(model, drawnTrace),
    y0: { shape: [count, dims + columns], values: withZeros(x, dims, columns) },
    t0: dataTime(model.kind),
    t1: priorTime(model.kind),
    ...settings,
    keep: { kind: "end" },
  };
  const { engine, solution } = await solveOn(engines, problem);
  try {
    const reports = await engine.report(solution)();
    const { y1 } = await readSolution(solution);
    const z = columnsOf(y1, [0, dims], dims + columns);
    const changes = columnsOf(y1, [dims, dims + columns], dims + columns);
    const source = await logDensities(model.source, z, dims);
    const { mean, stdErr } = probeEstimate(changes, columns);
    const logScale = logScaleSum(model.standardization);
    const result: SolvedRows = {
      first,
      // Rounded to float32 like the state: densities below its range become 0.
      logProb: mean.map((change, row) => {
        const inModelUnits = Math.fround(source[row]! - change) - logScale;
        return volume === null ? inModelUnits : inModelUnits + volume[first + row]!;
      }),
      source: Float64Array.from(source),
      trace: mean.map((change) => 0 - change),
      traceStdErr: stdErr,
      reports: reports.map((report) => shiftRows(report, first)),
    };
    return { result, rowsAtOnce: engine.rowsAtOnce?.(problem) ?? 0 };
  } finally {
    solution.dispose();
  }
}

/** Re-solves the rows of a failed group, each in its own group. */
async function solveAlone(
  solver: RowSolver,
  group: SolveReport,
  settings: SolveSettings,
): Promise<{ solved: readonly SolvedRows[]; failures: FailedRow[] }> {
  const [begin, end] = group.rows;
  const solved: SolvedRows[] = [];
  const failures: FailedRow[] = [];
  const failed = (reports: readonly SolveReport[]) => {
    for (const report of reports) {
      if (report.failure === null) continue;
      failures.push({
        row: report.rows[0],
        reason: `its solve stopped ${describeFailure(report, settings)}`,
      });
    }
  };
  if (end - begin === 1) {
    failed([group]);
    return { solved, failures };
  }
  const alone = { ...settings, controlGroup: 1 };
  const chunk = chunkRows(solver.model, alone)!;
  for (let first = begin; first < end; first += chunk) {
    const rows = [first, Math.min(first + chunk, end)] as const;
    const { result: part } = await solveRows(solver, rows, alone);
    solved.push(part);
    failed(part.reports);
  }
  return { solved, failures };
}

function shiftRows(report: SolveReport, by: number): SolveReport {
  return { ...report, rows: [report.rows[0] + by, report.rows[1] + by] };
}

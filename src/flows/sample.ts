import { quotedJson } from "../core/quoted.ts";
import type { SolveProblem, SolveReport } from "../ode/engines/engine.ts";
import { type Engines, readSolution, solveOn } from "../ode/engines/engines.ts";
import { requireSolved } from "../ode/solver/failure_message.ts";
import { requireRowsFit } from "../ode/solver/rows_memory.ts";
import { keyOf, subsequences } from "../core/random/subsequences.ts";
import { ChunkPace, type SolvedChunk } from "./chunks.ts";
import { changeColumns } from "./divergence.ts";
import { columnsOf, withZeros } from "../ode/engines/number_rows.ts";
import { sumNumbers } from "../ops/elementwise/sum_numbers.ts";
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
import { drawSource, requireLogDensity } from "./sources/source.ts";
import { dataWidth, logScaleSum, logVolumes, type PointValues, toData } from "./standardization.ts";
import { velocityField } from "./velocity_field.ts";

/** Options of {@link sample}. */
export interface SampleOptions {
  /** Number of samples. */
  readonly count: number;
  /** Index of the first sample; default 0. */
  readonly start?: number;
  /** Sample i is a function of (seed, i) alone, unless `controlGroup` is `batch`. Default 0. */
  readonly seed?: number;
  /**
   * Which prior draws: `samples`, those of every picture and file of samples, or `evaluation`,
   * independent of them. Default `samples`.
   */
  readonly prior?: "samples" | "evaluation";
  /** Default {@link accurateSolve}. */
  readonly settings?: SolveSettings;
  /** Computes log-likelihoods in the same solve (their error also enters the step size control). */
  readonly withLogProb?: { readonly trace: TraceSettings };
  /** Times at which to keep states, in order from the prior's time to the data's. */
  readonly times?: readonly number[];
}

const OPTION_NAMES: Readonly<Record<keyof SampleOptions, true>> = {
  ...{ count: true, start: true, seed: true, prior: true },
  ...{ settings: true, withLogProb: true, times: true },
};

/** Samples in order, in the data's units. Images are flattened NHWC. */
export interface Samples {
  /** [count * w]; float64 if the model's points are standardised. w: `dataWidth` of the model. */
  readonly samples: PointValues;
  /**
   * [count], in nats; null unless requested. With discrete columns the density at the sample before
   * it was rounded to its cell, times the cell's volume.
   */
  readonly logProb: Float64Array | null;
  /** [times][count * w]; a standard normal source is N(center, scale^2) in the data's units. */
  readonly states: readonly PointValues[];
  /** One per control group solved. */
  readonly reports: readonly SolveReport[];
}

/**
 * Draws samples from a flow: rows of the model's source, solved from the prior's time to the
 * data's.
 *
 * @throws {InputError} If log-likelihoods are requested and the source's density is unknown.
 * @throws {RangeError} If an option is unknown, `start` or `count` is not a whole number, `count` is 0, or the random
 *   numbers of the last sample would have indices beyond 2^53, `settings` or the trace are
 *   incomplete, or `times` are not in order.
 * @throws {FailureError} If the solve of a control group fails.
 */
export async function sample(
  model: FlowModel,
  engines: Engines,
  options: SampleOptions,
): Promise<Samples> {
  const { count, withLogProb, times = [] } = options;
  requireOptions(options, model);
  const width = dataWidth(model);
  const table = () =>
    model.standardization ? new Float64Array(count * width) : new Float32Array(count * width);
  const samples = table();
  const logProb = withLogProb ? new Float64Array(count) : null;
  const states = times.map(table);
  const reports: SolveReport[] = [];
  let done = 0;
  for await (const chunk of sampleChunks(model, engines, options)) {
    samples.set(chunk.samples, done * width);
    if (chunk.logProb !== null) logProb?.set(chunk.logProb, done);
    chunk.states.forEach((state, i) => states[i]!.set(state, done * width));
    reports.push(...chunk.reports);
    done += chunk.samples.length / width;
  }
  return { samples, logProb, states, reports };
}

/**
 * Like {@link sample}, one chunk at a time: memory does not grow with `count`.
 *
 * @throws Whatever {@link sample} throws.
 */
export async function* sampleChunks(
  model: FlowModel,
  engines: Engines,
  options: SampleOptions,
): AsyncGenerator<Samples> {
  const { start = 0, seed = 0, count, settings = accurateSolve } = options;
  requireOptions(options, model);
  requireSolveSettings("sample", settings);
  if (options.withLogProb !== undefined) requireTrace("sample", options.withLogProb.trace);
  const request = { ...options, seed, settings };
  const pace = new ChunkPace(model, settings, { times: options.times?.length ?? 0 });
  const end = start + count;
  if (settings.controlGroup === "batch") {
    const cut = { first: start, last: end, from: start, to: end };
    yield (await solveRows(model, engines, request, cut)).result;
    return;
  }
  const group = settings.controlGroup;
  // Solve whole control groups and slice them, so that a sample's group is always the same.
  let first = Math.floor(start / group) * group;
  while (first < end) {
    const last = Math.min(first + pace.rows, Math.ceil(end / group) * group);
    const cut = { first, last, from: Math.max(first, start), to: Math.min(last, end) };
    yield await pace.timed(() => solveRows(model, engines, request, cut));
    first = last;
  }
}

function requireOptions(options: SampleOptions, { network }: FlowModel): void {
  requireFlowOptions("sample", options, OPTION_NAMES);
  const { start = 0, count, prior = "samples" } = options;
  if (prior !== "samples" && prior !== "evaluation") {
    throw new RangeError(
      `sample: prior must be "samples" or "evaluation", got ${quotedJson(prior)}`,
    );
  }
  if (!Number.isSafeInteger(start) || start < 0 || !Number.isSafeInteger(count) || count < 1) {
    throw new RangeError(
      `sample: expected integers start >= 0 and count >= 1, got ${start}, ${count}`,
    );
  }
  // Sample i uses random numbers from index i * width; beyond 2^53 indices would repeat.
  if ((start + count) * network.rowWidth > Number.MAX_SAFE_INTEGER) {
    throw new RangeError(
      `sample: the random numbers of sample ${start + count} are beyond index 2^53`,
    );
  }
}

/** Options with defaults filled in. */
type SampleRequest = SampleOptions & { readonly seed: number; readonly settings: SolveSettings };

/** A solve of rows [first, last), of which [from, to) are kept. */
interface Cut {
  readonly first: number;
  readonly last: number;
  readonly from: number;
  readonly to: number;
}

async function solveRows(
  model: FlowModel,
  engines: Engines,
  options: SampleRequest,
  cut: Cut,
): Promise<SolvedChunk<Samples>> {
  const { seed, settings, withLogProb } = options;
  const width = model.network.rowWidth;
  const n = cut.last - cut.first;
  const stages = settings.tableau.c.length;
  requireRowsFit(n, { width, stages, times: options.times?.length });
  if (withLogProb) requireLogDensity(model.source);
  const draws = options.prior === "evaluation"
    ? subsequences.evaluationPrior
    : subsequences.samplePrior;
  const prior = drawSource(model.source, keyOf(draws, seed), {
    first: cut.first,
    count: n,
    width,
  });
  const trace = withLogProb === undefined ? null : drawTrace(withLogProb.trace, {
    key: keyOf(subsequences.sampleProbes, seed),
    firstRow: cut.first,
  });
  const added = trace === null ? 0 : changeColumns(trace);
  const problem: SolveProblem = {
    field: velocityField(model, trace),
    y0: { shape: [n, width + added], values: withZeros(prior, width, added) },
    t0: priorTime(model.kind),
    t1: dataTime(model.kind),
    ...settings,
    keep: options.times ? { kind: "times", times: options.times } : { kind: "end" },
  };
  const { engine, solution } = await solveOn(engines, problem);
  try {
    const reports = await engine.report(solution)();
    requireSolved(reports, settings, cut.first);
    const numbers = await readSolution(solution);
    const kept = (values: Float32Array): PointValues => {
      const rows = columnsOf(values, [0, width], width + added);
      const [first, end] = [cut.from - cut.first, cut.to - cut.first];
      return toData(model.standardization, rows.subarray(first * width, end * width));
    };
    const samples = kept(numbers.y1);
    const states = numbers.states.map(kept);
    let logProb: Float64Array | null = null;
    if (withLogProb) {
      const density = await logDensities(model.source, prior, width);
      const changes = columnsOf(numbers.y1, [width, width + added], width + added);
      const part = { count: added, scale: 1 / added };
      const logScale = logScaleSum(model.standardization);
      logProb = Float64Array.from(density, (value, row) => {
        const change = sumNumbers(changes, { ...part, first: row * added });
        return Math.fround(value + change) - logScale;
      }).slice(cut.from - cut.first, cut.to - cut.first);
      const volumes = logVolumes(model.standardization, samples);
      if (volumes !== null) logProb = logProb.map((value, row) => value + volumes[row]!);
    }
    const rowsAtOnce = engine.rowsAtOnce?.(problem) ?? 0;
    return { result: { samples, logProb, states, reports }, rowsAtOnce };
  } finally {
    solution.dispose();
  }
}

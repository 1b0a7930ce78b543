import type { ImageDataset, PointDataset } from "../../src/data/dataset.ts";
import { fmLoss } from "../../src/flows/fm_loss.ts";
import { logProb } from "../../src/flows/log_prob.ts";
import { isImageNetwork, rowWidth } from "../../src/nn/network.ts";
import { sample } from "../../src/flows/sample.ts";
import { integrateDensity } from "../../src/metrics/integrate_density.ts";
import { meanAndStdErr, pairedDifference } from "../../src/metrics/statistics.ts";
import { wasserstein2 } from "../../src/metrics/wasserstein.ts";
import { InputError } from "../../src/runtime/errors.ts";
import type { EvalFlags } from "../commands/eval.ts";
import { printLine, speaker } from "../terminal.ts";
import { openData } from "./open_data.ts";
import { type OpenedRun, openRun } from "./open_run.ts";
import { solveSettings, traceSettings } from "./solve_settings.ts";

/** Points in each cloud of a Wasserstein distance: the assignment takes time n^3, 0.2 s here. */
const CLOUD = 512;

/** Seeds of fresh draws, away from the small ones with which people train. */
const FRESH_SEEDS = [1_000_003, 2_000_003] as const;

/** What `fluxion eval` prints; the keys that scripts read are the design's. */
export type Evaluation = Readonly<Record<string, string | number>>;

/** `fluxion eval RUN`. */
export async function evaluate(flags: EvalFlags, run: string): Promise<void> {
  const result = await evaluateRun(flags, run);
  printLine(JSON.stringify(result, null, flags.json ? 0 : 2));
}

/** The metrics of a run. */
export async function evaluateRun(flags: EvalFlags, run: string): Promise<Evaluation> {
  const opened = await openRun(run, flags);
  try {
    const { model, config } = opened;
    const name = flags.data ?? config.data;
    const dataset = await openData(name, { ...config, fromRun: flags.data === undefined });
    const seed = flags.seed ?? config.seed;
    const available = dataset.test.count;
    if (flags.n !== undefined && flags.n > available) {
      speaker(flags)(`--n ${flags.n}: there are only ${available} test rows; all are used`);
    }
    const n = Math.min(flags.n ?? available, available);
    const rows = testRows(dataset, n);
    requireFitting(opened, dataset);
    const common = {
      model: model.kind,
      data: name,
      backend: opened.backend.kind,
      seed,
      n,
    };
    if (model.kind === "cnf" && dataset.kind === "points") {
      return { ...common, ...await evaluateCnf(opened, { flags, dataset, rows, seed }) };
    }
    requireMeaning(flags, dataset);
    return { ...common, ...await evaluateFm(opened, { flags, dataset, rows, seed }) };
  } finally {
    opened.close();
  }
}

/** The first `n` test rows, [n * w]. */
function testRows(dataset: PointDataset | ImageDataset, n: number): Float32Array {
  switch (dataset.kind) {
    case "points":
      return dataset.test.points.slice(0, n * dataset.dims);
    case "images": {
      const rows = new Float32Array(n * dataset.height * dataset.width * dataset.channels);
      dataset.test.read(Uint32Array.from({ length: n }, (_, i) => i), rows);
      return rows;
    }
    default:
      return dataset satisfies never;
  }
}

function requireFitting({ model, name }: OpenedRun, dataset: PointDataset | ImageDataset): void {
  const { network } = model;
  const fits = dataset.kind === "points"
    ? network.kind === "mlp" && network.dims === dataset.dims
    : isImageNetwork(network) && network.height === dataset.height &&
      network.width === dataset.width && network.channels === dataset.channels;
  if (!fits) {
    throw new InputError(
      `${dataset.name}: rows of another kind or size than the model of ${name} takes ` +
        `(${rowWidth(network)} numbers); give --data another`,
    );
  }
}

/** What is evaluated, and how. */
interface Task<Data> {
  readonly flags: EvalFlags;
  readonly dataset: Data;
  /** [n * w] */
  readonly rows: Float32Array;
  readonly seed: number;
}

/** Flow matching is evaluated without a divergence, and on images without a solve. */
function requireMeaning(flags: EvalFlags, dataset: PointDataset | ImageDataset): void {
  const options = {
    trace: flags.trace,
    probes: flags.probes,
    ...(dataset.kind === "images"
      ? {
        solver: flags.solver,
        rtol: flags.rtol,
        atol: flags.atol,
        "solver-steps": flags.solverSteps,
        "control-group": flags.controlGroup,
      }
      : {}),
  };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) {
      throw new InputError(`--${name} ${value}: means nothing for this model; leave it out`);
    }
  }
}

async function evaluateCnf(
  { model, engine, config }: OpenedRun,
  { flags, dataset, rows, seed }: Task<PointDataset>,
): Promise<Evaluation> {
  const settings = solveSettings(flags, config);
  const options = { settings, trace: traceSettings(flags), seed };
  const { logProb: values, reports } = await logProb(model, engine, rows, options);
  const nll = meanAndStdErr(values.map((value) => -value));
  const evaluation: Record<string, number> = {
    nll: nll.mean,
    nllStdErr: nll.stdErr,
    nfe: meanAndStdErr(reports.map((report) => report.nfe)).mean,
  };
  if (dataset.density !== null) {
    const truth = dataset.density.logDensity(rows);
    const gap = pairedDifference(truth, values);
    evaluation.nllTrue = -meanAndStdErr(truth).mean;
    evaluation.nllGap = gap.mean;
    evaluation.nllGapStdErr = gap.stdErr;
  }
  if (dataset.dims === 2) {
    const { mass } = await integrateDensity(
      async (points) => (await logProb(model, engine, points, options)).logProb,
      { around: dataset.test.points },
    );
    evaluation.mass = mass;
  }
  return evaluation;
}

async function evaluateFm(
  { model, engine, config }: OpenedRun,
  { flags, dataset, rows, seed }: Task<PointDataset | ImageDataset>,
): Promise<Evaluation> {
  const { loss, lossStdErr } = await fmLoss(model, rows, { seed });
  if (dataset.kind !== "points" || dataset.draw === null) return { loss, lossStdErr };
  const { dims, draw } = dataset;
  const settings = solveSettings(flags, config);
  const { samples } = await sample(model, engine, { count: CLOUD, seed, settings });
  const [fresh, other] = FRESH_SEEDS.map((offset) => draw(seed + offset, CLOUD));
  return {
    loss,
    lossStdErr,
    wasserstein2: wasserstein2(samples, fresh!, dims),
    wasserstein2Data: wasserstein2(other!, fresh!, dims),
  };
}

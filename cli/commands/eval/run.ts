import {
  dataWidth,
  type FailedRow,
  isImageNetwork,
  isPlane,
  type PointValues,
  readRows,
} from "@fluxion/fluxion/program";
import { InputError } from "@fluxion/fluxion/core";
import { type ImageDataset, pixelLevels, type PointDataset } from "@fluxion/fluxion/data";
import {
  densityMass,
  evaluateBitsPerDim,
  evaluateFm,
  evaluateLikelihood,
} from "@fluxion/fluxion/report/evaluation";
import { type EvalFlags, evalOptions } from "./flags.ts";
import { PartlyFailed } from "../../terminal/errors.ts";
import { sayFailedRows } from "../../runs/failed_rows.ts";
import { interruptible } from "../../process/interrupt.ts";
import { showProgress } from "../../terminal/progress.ts";
import { printLine, sayError, speaker } from "../../terminal/terminal.ts";
import { forEachRun } from "../../runs/each_run.ts";
import { openEvaluated } from "../../runs/evaluated_data.ts";
import { namedRuns } from "../../runs/named_runs.ts";
import { openData } from "../../runs/open_data.ts";
import { type OpenedRun, openRun, shownRun } from "../../runs/open_run.ts";
import { solveSettings, traceSettings } from "../../runs/solve_settings.ts";
import { option } from "@fluxion/fluxion/options";
import { likelihoodOptions, solverOptions } from "../../options/solve.ts";

/** What `fluxion eval` prints; the keys that scripts read are the design's. */
export type Evaluation = Readonly<Record<string, string | number | null>>;

/** `fluxion eval RUN...`. */
export async function evaluate(flags: EvalFlags, ...names: string[]): Promise<void> {
  const runs = await namedRuns(names);
  const isOne = runs.length === 1;
  const outcome = isOne
    ? "interrupted; nothing was evaluated"
    : "interrupted; the runs printed so far are evaluated";
  await interruptible(
    { notice: "stopping", outcome },
    () =>
      forEachRun(runs, { declared: evalOptions, flags }, async (run) => {
        const result = await evaluateRun(flags, run);
        if (isOne) printLine(JSON.stringify(result, null, flags.json ? 0 : 2));
        else printLine(JSON.stringify({ run: await shownRun(run), ...result }));
        const { failedRows = 0, wasserstein2 } = result;
        if (failedRows !== 0 || wasserstein2 === null) {
          throw new PartlyFailed("not all was evaluated");
        }
      }),
  );
}

/** The metrics of a run. */
export async function evaluateRun(flags: EvalFlags, run: string): Promise<Evaluation> {
  const opened = await openRun(run, flags);
  try {
    const { model, config } = opened;
    const name = flags.data ?? config.data;
    if (flags.header !== undefined && flags.data === undefined) {
      throw new InputError(
        `${option("header", flags.header)}: is about the first line of another file; give ` +
          `${option("data")} too, or leave it out`,
      );
    }
    if (flags.dropMissing && flags.data === undefined) {
      throw new InputError(
        `${option("dropMissing", true)}: the run's own data are read as it was trained; give ${
          option("data")
        } too, or leave it out`,
      );
    }
    const dataset = await openEvaluated(opened, flags);
    const seed = flags.seed ?? config.seed;
    const available = dataset.test.count;
    if (flags.n !== undefined && flags.n > available) {
      speaker(flags)(`--n ${flags.n}: there are only ${available} test rows; all are used`);
    }
    const n = Math.min(flags.n ?? available, available);
    const rows = readRows(dataset, "test", Array.from({ length: n }, (_, i) => i));
    requireFitting(opened, dataset);
    const common = {
      model: model.kind,
      data: name,
      backend: opened.backend.kind,
      seed,
      n,
    };
    if (dataset.kind === "images" && !flags.bitsPerDim) requireApplicable(flags);
    if (dataset.kind === "points" && flags.bitsPerDim) {
      throw new InputError("--bits-per-dim: this run's data are points, which have no levels");
    }
    const loss = model.kind === "fm" ? await fmMetrics(opened, { flags, dataset, rows, seed }) : {};
    const likelihood = dataset.kind === "points"
      ? await likelihoodMetrics(opened, { flags, dataset, rows, seed })
      : flags.bitsPerDim
      ? await bitsPerDimMetrics(opened, { flags, dataset, rows, seed })
      : {};
    return { ...common, ...likelihood, ...loss };
  } finally {
    opened.close();
  }
}

function requireFitting({ model, name }: OpenedRun, dataset: PointDataset | ImageDataset): void {
  const { network } = model;
  const fits = dataset.kind === "points"
    ? !isImageNetwork(network) && dataWidth(model) === dataset.dims
    : isImageNetwork(network) && network.image.height === dataset.height &&
      network.image.width === dataset.width && network.image.channels === dataset.channels;
  if (!fits) {
    throw new InputError(
      `${dataset.name}: rows of another kind or size than the model of ${name} takes ` +
        `(${dataWidth(model)} numbers); give ${option("data")} another`,
    );
  }
}

/** What is evaluated, and how. */
interface Task<Data> {
  readonly flags: EvalFlags;
  readonly dataset: Data;
  /** [n * w] */
  readonly rows: PointValues;
  readonly seed: number;
}

/** Options that mean something only where a likelihood is computed. */
const solveOptions = Object.keys({ ...likelihoodOptions, ...solverOptions }) as readonly (
  keyof typeof likelihoodOptions | keyof typeof solverOptions
)[];

/** Without `--bits-per-dim`, flow matching on images is evaluated without a solve. */
function requireApplicable(flags: EvalFlags): void {
  for (const name of solveOptions) {
    const value = flags[name];
    if (value !== undefined) {
      throw new InputError(
        `${option(name, value)}: means something for images with --bits-per-dim alone; give that ` +
          "too, or leave it out",
      );
    }
  }
}

/** Training rows of the run's own data; undefined if they are gone, or of images. */
async function trainRowsOf(
  { dataOptions, config }: OpenedRun,
  { flags, dataset }: Pick<Task<PointDataset>, "flags" | "dataset">,
): Promise<PointValues | undefined> {
  if (flags.data === undefined) return dataset.train.points;
  try {
    const own = await openData(config.data, { ...dataOptions, fromRun: "nameOthers" });
    return own.kind === "points" && own.dims === dataset.dims ? own.train.points : undefined;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    speaker(flags)(`no nllGaussian: the training rows cannot be read: ${error.message}`);
    return undefined;
  }
}

async function likelihoodMetrics(
  opened: OpenedRun,
  { flags, dataset, rows, seed }: Task<PointDataset>,
): Promise<Evaluation> {
  const { model, engines, config } = opened;
  const evaluated = { model, engines, rows, seed, settings: solveSettings(flags, config) };
  const trace = traceSettings(flags);
  const { failures, remarks, ...likelihood } = await evaluateLikelihood(evaluated, {
    ...{ dataset, trace },
    trainRows: await trainRowsOf(opened, { flags, dataset }),
  });
  sayLeftOut(failures, { flags, rows: rows.length / dataset.dims, mean: "nll" });
  for (const remark of remarks) speaker(flags)(remark);
  const evaluation = { ...likelihood, failedRows: failures.length };
  if (!isPlane(model)) return evaluation;
  const { mass, reason, outside } = await densityMass(evaluated, rows);
  if (outside !== null) speaker(flags)(outside);
  return { ...evaluation, mass, ...(reason === null ? {} : { massReason: reason }) };
}

/** Says which rows have no log-likelihood, and that the means are over the others. */
function sayLeftOut(
  failures: readonly FailedRow[],
  { flags, rows, mean }: {
    readonly flags: EvalFlags;
    readonly rows: number;
    readonly mean: string;
  },
): void {
  if (failures.length === 0) return;
  sayFailedRows(failures, evalOptions);
  const left = rows - failures.length;
  speaker(flags)(
    left === 0
      ? `none of the ${rows} rows has a log-likelihood; ${mean} is null`
      : `${mean}, ${mean}StdErr and what is compared with them are over the other ${left} of ` +
        `${rows} rows`,
  );
}

async function bitsPerDimMetrics(
  { model, engines, config }: OpenedRun,
  { flags, rows, seed }: Task<ImageDataset>,
): Promise<Evaluation> {
  const total = rows.length / model.network.rowWidth;
  const progress = showProgress({ what: "row", quiet: flags.quiet });
  try {
    const settings = solveSettings(flags, config);
    const { failures, ...evaluation } = await evaluateBitsPerDim(
      { model, engines, rows, seed, settings },
      {
        levels: pixelLevels(config.binarize ?? true),
        trace: traceSettings(flags, "hutchinson"),
        onRows: (done) => progress.update({ done, total, label: "" }),
      },
    );
    progress.clear();
    sayLeftOut(failures, { flags, rows: total, mean: "bitsPerDim" });
    return { ...evaluation, failedRows: failures.length };
  } finally {
    progress.clear();
  }
}

async function fmMetrics(
  { model, engines, config }: OpenedRun,
  { flags, dataset, rows, seed }: Task<PointDataset | ImageDataset>,
): Promise<Evaluation> {
  const settings = solveSettings(flags, config);
  const evaluation = await evaluateFm({ model, engines, rows, seed, settings }, dataset);
  if (evaluation.wasserstein2Reason !== undefined) {
    sayError(`wasserstein2 is null: ${evaluation.wasserstein2Reason}`);
  }
  return { ...evaluation };
}

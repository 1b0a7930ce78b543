import {
  columnsOf,
  dataWidth,
  discreteLogProb,
  type ImageShape,
  isImageNetwork,
  likelihoodConvention,
  logProb as logProbOf,
  type RunConfig,
  type TraceSettings,
} from "@fluxion/fluxion/program";
import { InputError } from "@fluxion/fluxion/core";
import {
  encodeNpy,
  fileKind,
  noSuchFile,
  pixelLevels,
  readImageRows,
  readingWords,
  readPoints,
} from "@fluxion/fluxion/data";
import { type LogProbFlags, logProbOptions } from "./flags.ts";
import { asTypedOptions } from "../../options/spelling.ts";
import { PartlyFailed } from "../../terminal/errors.ts";
import { sayFailedRows } from "../../runs/failed_rows.ts";
import { interruptible } from "../../process/interrupt.ts";
import { outputPath, userPath } from "../../paths.ts";
import { showProgress } from "../../terminal/progress.ts";
import { readStdin } from "../../terminal/stdin.ts";
import { writeStream } from "../../terminal/stream_file.ts";
import { speaker } from "../../terminal/terminal.ts";
import { configOf, type OpenedRun, openRun } from "../../runs/open_run.ts";
import { solveSettings, traceSettings } from "../../runs/solve_settings.ts";
import { type Explained, explainedColumns, explanation } from "./explanation.ts";

/** `fluxion log-prob RUN --points FILE`. */
export async function logProb(flags: LogProbFlags, run: string): Promise<void> {
  const messages = { notice: "stopping", outcome: "interrupted; nothing was written" };
  await interruptible(messages, () => writeLogProb(flags, run));
}

async function writeLogProb(flags: LogProbFlags, run: string): Promise<void> {
  const out = flags.out ?? "-";
  const path = out === "-" ? "-" : await outputPath(out, flags);
  // A name that is wrong is said at once; the run says what is read of the file.
  const from = userPath(flags.points);
  if (from !== "-" && await fileKind(from) === null) throw noSuchFile(from);
  const runConfig = await configOf(run);
  const { network } = runConfig;
  if (flags.bitsPerDim && !isImageNetwork(network)) {
    throw new InputError("--bits-per-dim: this run's model is one of points, which have no levels");
  }
  const trace = traceSettings(flags, isImageNetwork(network) ? "hutchinson" : "exact");
  const rows = isImageNetwork(network)
    ? await readImages(from, { flags, image: network.image, runConfig })
    : await readRows(from, { flags, runConfig });
  const opened = await openRun(run, flags);
  try {
    const { values, failures } = await rowValues(opened, { flags, rows, trace });
    await writeStream(path, /\.npy$/i.test(out) ? npy(values) : [csv(values)]);
    sayFailedRows(failures, logProbOptions);
    if (failures.length > 0) throw new PartlyFailed(`${failures.length} rows failed`);
  } finally {
    opened.close();
  }
}

/** Rows of a model of points, [n * d], in the data's units. */
async function readRows(
  from: string,
  { flags, runConfig }: { readonly flags: LogProbFlags; readonly runConfig: RunConfig },
): Promise<Float64Array> {
  const table = await readPoints(from, {
    readStdin,
    columns: columnsOf(runConfig),
    header: flags.header,
  });
  // Without names on either side there is nothing to match.
  if (runConfig.columns !== null || table.firstLine?.kind === "names") {
    const words = readingWords(from === "-" ? "standard input" : from, table);
    speaker(flags)(asTypedOptions(words, logProbOptions));
  }
  return table.points;
}

/** Rows of a model of images, [n * w], NHWC; with `--bits-per-dim` each pixel at a level of the run's data. */
async function readImages(
  from: string,
  { flags, image, runConfig }: {
    readonly flags: LogProbFlags;
    readonly image: ImageShape;
    readonly runConfig: RunConfig;
  },
): Promise<Float32Array> {
  const binarize = runConfig.config.binarize ?? true;
  const levels = flags.bitsPerDim ?? false;
  const { rows, reading } = await readImageRows(from, { image, binarize, levels, readStdin });
  if (reading !== null) speaker(flags)(reading);
  return rows;
}

/** What is written: one value per row, or with `--explain` a table. */
interface Values {
  /** null: the one column has none. */
  readonly names: readonly string[] | null;
  /** Each of [n]. */
  readonly columns: readonly Float64Array[];
}

async function rowValues(
  { model, engines, config }: OpenedRun,
  { flags, rows, trace }: {
    readonly flags: LogProbFlags;
    readonly rows: Float32Array | Float64Array;
    readonly trace: TraceSettings;
  },
) {
  const count = rows.length / dataWidth(model);
  const settings = solveSettings(flags, config);
  const convention = likelihoodConvention(model.standardization);
  if (convention !== null) speaker(flags)(convention);
  const progress = showProgress({ what: "row", quiet: flags.quiet });
  const options = {
    settings,
    trace,
    seed: flags.seed ?? 0,
    onFailure: flags.onFailure ?? "continue",
    onRows: (done: number) => progress.update({ done, total: count, label: "" }),
  };
  try {
    const levels = pixelLevels(config.binarize ?? true);
    const discrete = flags.bitsPerDim
      ? await discreteLogProb(model, engines, rows as Float32Array, { ...options, levels })
      : null;
    const found = discrete ?? await logProbOf(model, engines, rows, options);
    progress.clear();
    const { failures } = found;
    if (!flags.explain) {
      const columns = [discrete?.bitsPerDim ?? found.logProb];
      return { values: { names: null, columns } satisfies Values, failures };
    }
    const explained: Explained = { ...found, discrete: discrete && { levels, ...discrete } };
    const lines = explanation(explained, {
      dims: model.network.rowWidth,
      columns: model.standardization?.columns ?? null,
      standardize: model.standardization?.kind ?? null,
      source: model.source.name,
      settings,
      trace,
    });
    for (const line of lines) speaker(flags)(line);
    const table = explainedColumns(explained);
    const columns = table.map(([, values]) =>
      typeof values === "number" ? new Float64Array(count).fill(values) : values
    );
    return { values: { names: table.map(([name]) => name), columns } satisfies Values, failures };
  } finally {
    progress.clear();
  }
}

/** The table, row-major. */
function rowMajor({ columns }: Values): Float64Array {
  const out = new Float64Array(columns.length * columns[0]!.length);
  columns.forEach((column, c) =>
    column.forEach((value, row) => out[row * columns.length + c] = value)
  );
  return out;
}

/** A vector of one column, a matrix of a table. */
function npy(values: Values): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { names, columns } = values;
  const shape = [columns[0]!.length, ...(names === null ? [] : [names.length])];
  return encodeNpy(shape, [Float32Array.from(rowMajor(values))]);
}

function csv({ names, columns }: Values): Uint8Array {
  const lines = Array.from(columns[0]!, (_, row) => columns.map((column) => column[row]).join(","));
  return new TextEncoder().encode(
    [...(names === null ? [] : [names.join(",")]), ...lines, ""].join("\n"),
  );
}

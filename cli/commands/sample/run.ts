import {
  categoriesOf,
  dataTime,
  dataWidth,
  decimalsOf,
  fitsFloat32,
  isImageNetwork,
  type Network,
  type PointValues,
  priorTime,
  sampleChunks,
  type SampleOptions,
  type Samples,
  type Standardization,
} from "@fluxion/fluxion/program";
import { evenly, InputError, throwIfStopped } from "@fluxion/fluxion/core";
import {
  categoryNumbers,
  encodeCsv,
  encodeNpy,
  float32Digits,
  logProbName,
  sampleNames,
} from "@fluxion/fluxion/data";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import {
  PICTURED,
  rowKind,
  samplesPicture,
  trajectoriesPicture,
} from "@fluxion/fluxion/report/pictures";
import { pictureText } from "../../command_line.ts";
import { formatOf, type SampleFlags } from "./flags.ts";
import { interruptible } from "../../process/interrupt.ts";
import { outputPath } from "../../paths.ts";
import { mostPictured } from "../../pictures/pictures.ts";
import { showProgress } from "../../terminal/progress.ts";
import { stdoutIsPipe } from "../../terminal/stdout_pipe.ts";
import { writeStream } from "../../terminal/stream_file.ts";
import { type Captions, openRun } from "../../runs/open_run.ts";
import { solveSettings, traceSettings } from "../../runs/solve_settings.ts";

/** `fluxion sample RUN`. */
export async function sample(flags: SampleFlags, run: string): Promise<void> {
  const rest = flags.out === "-" ? "the samples so far were written" : "nothing was written";
  const messages = { notice: "stopping", outcome: `interrupted; ${rest}` };
  await interruptible(messages, () => writeSamples(flags, run));
}

async function writeSamples(flags: SampleFlags, run: string): Promise<void> {
  const format = formatOf(flags.out!);
  const path = flags.out === "-" ? "-" : await outputPath(flags.out!, flags);
  const trace = traceSettings(flags);
  const opened = await openRun(run, flags);
  const { model, engines, config } = opened;
  const { network } = model;
  const count = flags.n ?? PICTURED[rowKind(network)];
  const most = mostPictured(isImageNetwork(network) ? null : dataWidth(model));
  if (format === "png" && count > most) {
    throw new InputError(
      `--n ${count}: a picture shows at most ${most}; ` +
        "give --out a .npy or .csv name",
    );
  }
  if (flags.logProb && isImageNetwork(network)) {
    throw new InputError(
      "--log-prob: files of images have no column for it; give them to fluxion log-prob",
    );
  }
  const times = flags.trajectories === undefined
    ? undefined
    : evenly(priorTime(model.kind), dataTime(model.kind), flags.trajectories);
  const first = flags.from ?? 0;
  if ((first + count) * network.rowWidth > Number.MAX_SAFE_INTEGER) {
    const most = Math.floor(Number.MAX_SAFE_INTEGER / network.rowWidth);
    throw new InputError(
      count > most
        ? `--n ${count}: there are ${most} samples of this model, no more`
        : `--from ${first}: samples of this model are numbered up to ${most - count}`,
    );
  }
  const options: SampleOptions = {
    count,
    start: first,
    seed: flags.seed ?? 0,
    settings: solveSettings(flags, config),
    ...(flags.logProb ? { withLogProb: { trace } } : {}),
    ...(times === undefined ? {} : { times }),
  };
  const progress = showProgress({
    what: "sample",
    quiet: flags.quiet,
    plain: path === "-" && stdoutIsPipe(),
  });
  async function* chunks(): AsyncGenerator<Samples> {
    let done = 0;
    for await (const chunk of sampleChunks(model, engines, options)) {
      throwIfStopped();
      done += chunk.samples.length / dataWidth(model);
      progress.update({ done, total: count, label: "" });
      yield chunk;
    }
  }
  try {
    const shape = {
      network,
      count,
      first: options.start!,
      times,
      standardization: model.standardization,
      names: flags.header ? sampleNames(opened.runConfig.columns, dataWidth(model)) : null,
    };
    switch (format) {
      case "png":
        await writeFileAtomic(path, await picture(chunks(), shape, opened.captions));
        break;
      case "npy":
        await writeStream(
          path,
          encodeNpy(
            npyShape(shape, options),
            withCategoryNumbers(rows(chunks(), shape), { shape, options }),
            fitsFloat32(model.standardization) ? "<f4" : "<f8",
          ),
        );
        break;
      case "csv":
        await writeStream(path, csv(chunks(), shape, options));
        break;
      default:
        format satisfies never;
    }
  } finally {
    progress.clear();
    opened.close();
  }
}

/** What is drawn. */
interface Drawn {
  readonly network: Network;
  readonly count: number;
  /** Index of the first sample. */
  readonly first: number;
  /** Of trajectories; else undefined. */
  readonly times: readonly number[] | undefined;
  readonly standardization: Standardization | null;
  /** Names of the columns, for the line of names; null for none. */
  readonly names: readonly string[] | null;
}

/** Rows as files hold them: NCHW for images, the log-likelihood last, trajectories [n, times, ...]. */
async function* rows(chunks: AsyncIterable<Samples>, drawn: Drawn): AsyncGenerator<PointValues> {
  for await (const chunk of chunks) yield rowsOf(chunk, drawn);
}

function rowsOf(
  { samples, logProb, states }: Samples,
  drawn: Drawn,
): PointValues {
  const { network, times, standardization } = drawn;
  const width = dataWidth(drawn);
  const n = samples.length / width;
  const tables = times === undefined ? [samples] : states;
  const rowLength = tables.length * width + (logProb === null ? 0 : 1);
  const out = standardization === null
    ? new Float32Array(n * rowLength)
    : new Float64Array(n * rowLength);
  for (let row = 0; row < n; row++) {
    tables.forEach((table, k) => {
      const values = table.subarray(row * width, (row + 1) * width);
      out.set(channelsFirst(network, values), row * rowLength + k * width);
    });
    if (logProb !== null) out[(row + 1) * rowLength - 1] = logProb[row]!;
  }
  return out;
}

/**
 * Rows for a file without texts: categories that are numbers in place of their indices. Others stay
 * indices, counted from 0.
 */
async function* withCategoryNumbers(
  chunks: AsyncIterable<PointValues>,
  { shape, options }: { readonly shape: Drawn; readonly options: SampleOptions },
): AsyncGenerator<PointValues> {
  const numbers = categoriesOf(shape.standardization).map((categories) => {
    return categories === null ? null : categoryNumbers(categories);
  });
  const width = npyShape(shape, options).at(-1)!;
  for await (const chunk of chunks) {
    yield numbers.every((own) => own === null)
      ? chunk
      : chunk.map((value, i) => numbers[i % width]?.[value] ?? value);
  }
}

/** One image from NHWC to NCHW; a point as it is. */
function channelsFirst(network: Network, values: PointValues): PointValues {
  const { channels } = network.image ?? { channels: 1 };
  if (channels === 1) return values;
  const pixels = values.length / channels;
  return Float32Array.from(
    values,
    (_, i) => values[(i % pixels) * channels + Math.floor(i / pixels)]!,
  );
}

function npyShape(drawn: Drawn, options: SampleOptions): number[] {
  const { network, count, times } = drawn;
  const before = times === undefined ? [count] : [count, times.length];
  if (!isImageNetwork(network)) {
    return [...before, dataWidth(drawn) + (options.withLogProb ? 1 : 0)];
  }
  const { channels, height, width } = network.image;
  return [...before, channels, height, width];
}

/** Lines of CSV; those of trajectories begin with the sample's index and the time. */
function csv(
  chunks: AsyncIterable<Samples>,
  drawn: Drawn,
  options: SampleOptions,
): AsyncGenerator<Uint8Array> {
  const width = dataWidth(drawn);
  const { times, standardization, names } = drawn;
  const decimals = standardization === null ? [] : decimalsOf(standardization);
  const texts = categoriesOf(standardization);
  if (times === undefined) {
    const withLast = names === null || !options.withLogProb
      ? names
      : [...names, logProbName(names)];
    const columns = width + (options.withLogProb ? 1 : 0);
    return encodeCsv({ names: withLast, width: columns, decimals, texts }, rows(chunks, drawn));
  }
  const stamps = times.map((t) => float32Digits(Math.fround(t)));
  const leading = (line: number) =>
    `${drawn.first + Math.floor(line / stamps.length)},${stamps[line % stamps.length]},`;
  const leadingNames = ["sample", "t"];
  return encodeCsv({ names, width, decimals, texts, leadingNames, leading }, rows(chunks, drawn));
}

async function picture(
  chunks: AsyncIterable<Samples>,
  drawn: Drawn,
  captions: Captions,
): Promise<Uint8Array> {
  const { count, times } = drawn;
  const width = dataWidth(drawn);
  const tables = Array.from({ length: times?.length ?? 1 }, () => new Float64Array(count * width));
  let filled = 0;
  for await (const { samples, states } of chunks) {
    (times === undefined ? [samples] : states).forEach((table, k) => tables[k]!.set(table, filled));
    filled += samples.length;
  }
  const options = { ...captions, text: pictureText() };
  return times === undefined
    ? await samplesPicture(drawn, tables[0]!, options)
    : await trajectoriesPicture(drawn, tables, { ...options, times });
}

import { commandLine, FailureError, InputError, withThousands } from "@fluxion/fluxion/core";
import {
  type Dataset,
  fetchDataset,
  imageReadingWords,
  listDatasets,
  readingWords,
  verifyDataset,
} from "@fluxion/fluxion/data";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import { imageGrid, pointsPlot } from "@fluxion/fluxion/plot";
import { pictureText } from "../../command_line.ts";
import { type FetchFlags, type ListFlags, type PreviewFlags, previewOptions } from "./flags.ts";
import { asTypedOptions } from "../../options/spelling.ts";
import { coordinatesOf } from "@fluxion/fluxion/report/pictures";
import { interruptible } from "../../process/interrupt.ts";
import { outputPath, shownPath, userPath } from "../../paths.ts";
import { mostPictured } from "../../pictures/pictures.ts";
import { programForm } from "../../program_form.ts";
import { columns } from "../../terminal/columns.ts";
import { showProgress } from "../../terminal/progress.ts";
import { table } from "../../terminal/table.ts";
import { printLine, printText, speaker } from "../../terminal/terminal.ts";
import { dataFolder, openData } from "../../runs/open_data.ts";
import { option } from "@fluxion/fluxion/options";

/** Default number of rows in a preview. */
const PREVIEWED = { points: 2000, images: 100 } as const;

/** `fluxion data list`. */
export async function list({ json }: ListFlags): Promise<void> {
  const entries = await listDatasets(dataFolder());
  if (json) return printLine(JSON.stringify(entries, null, 2));
  const cells = entries.map(({ name, kind, summary, builtIn, download }) => [
    name,
    kind,
    builtIn ? "built in" : download?.present ? "here" : `fluxion data fetch ${name}`,
    summary,
  ]);
  const heads = ["name", "rows", "where", "what it is"].map((head) => ({ head }));
  printText(table(heads, cells, Deno.stdout.isTerminal() ? columns() : null));
  printText("Any CSV, NPY, Parquet or IDX file or folder of PNG files can be given by its path.");
}

/** `fluxion data preview NAME|FILE`. */
export async function preview(flags: PreviewFlags, name: string): Promise<void> {
  const stem = name.replace(/[/\\]+$/, "").replace(/^.*[/\\]|\.\w+$/g, "");
  const out = flags.out ?? `${/^\.*$/.test(stem) ? "data" : stem}.png`;
  const path = await outputPath(out, flags);
  const { columns, drop, categorical, dropMissing, header } = flags;
  if (columns !== undefined && drop !== undefined) {
    throw new InputError(`${option("columns")} and ${option("drop")}: give one of them`);
  }
  const dataset = await openData(name, {
    seed: flags.seed ?? 0,
    binarize: flags.binarize,
    columns: { kind: "select", columns, drop, categorical },
    dropMissing,
    header,
  });
  if (dataset.kind === "points" && dataset.file !== undefined) {
    const count = dataset.train.count + dataset.test.count;
    const words = readingWords(dataset.name, { ...dataset.file, count });
    speaker(flags)(asTypedOptions(words, previewOptions));
  }
  if (dataset.kind === "images" && dataset.reading !== undefined) {
    speaker(flags)(imageReadingWords(dataset));
  }
  await writeFileAtomic(path, await picture(dataset, flags.n));
  printLine(shownPath(path));
}

async function picture(dataset: Dataset, asked: number | undefined): Promise<Uint8Array> {
  const { train, kind } = dataset;
  const most = mostPictured(dataset.kind === "points" ? dataset.dims : null);
  const n = Math.min(asked ?? PREVIEWED[kind], train.count, most);
  switch (dataset.kind) {
    case "points": {
      const { dims } = dataset;
      const { points, labels } = dataset.train;
      const label = dataset.name.replace(/^.*[/\\]/, "");
      return await pointsPlot(points.slice(0, n * dims), {
        dims,
        label,
        labels: labels?.slice(0, n) ?? null,
        title: `${withThousands(n)} of ${withThousands(train.count)} training points of ${label}`,
        ...coordinatesOf({ data: dataset.name }, dataset.file?.columns ?? null),
        text: pictureText(),
      });
    }
    case "images": {
      const { height, width, channels } = dataset;
      const images = new Float32Array(n * height * width * channels);
      dataset.train.read(Uint32Array.from({ length: n }, (_, i) => i), images);
      return imageGrid(images, { height, width, channels, text: pictureText() });
    }
    default:
      return dataset satisfies never;
  }
}

/** `fluxion data fetch NAME`. */
export async function fetchData(flags: FetchFlags, name: string): Promise<void> {
  const dataDir = dataFolder();
  if (dataDir === null) {
    throw new InputError("there is no cache folder here; set FLUXION_DATA_DIR to a folder");
  }
  const from = flags.from === undefined ? null : await mirror(flags.from);
  const progress = showProgress({ what: "kB", quiet: flags.quiet });
  const messages = {
    notice: "stopping",
    outcome: "interrupted; the same command continues the download",
  };
  const { folder, fetched, files } = await interruptible(messages, async (signal) => {
    try {
      return await fetchDataset(name, {
        dataDir,
        from,
        signal,
        onProgress: ({ file, receivedBytes, totalBytes }) =>
          progress.update({
            done: Math.round(receivedBytes / 1000),
            total: Math.round((totalBytes ?? receivedBytes) / 1000),
            label: file,
          }),
      });
    } finally {
      progress.clear();
    }
  });
  const say = speaker(flags);
  if (!fetched) say("already downloaded, all files intact");
  for (const file of files) say(`${file.contentSha256}  ${file.name}`);
  printLine(folder);
}

/** Advice on how to let this command access a host. */
function remedy(host: string): string {
  const command = commandLine(Deno.args);
  switch (programForm()) {
    case "checkout":
      return "to allow it, run in the checkout's folder: " +
        `deno run -q -P=fluxion --allow-net=${host} cli/main.ts${command.slice("fluxion".length)}`;
    case "oneFile":
      return `to allow it, run: FLUXION_ALLOW_HOSTS=${host} ${command}`;
    case "compiled":
      return `bring the files another way and give their folder with ${option("from")} DIR`;
  }
}

/** Returns a folder as an absolute path, or a URL whose host the user has allowed. */
async function mirror(from: string): Promise<string> {
  if (!/^https?:\/\//i.test(from)) return userPath(from);
  if (!URL.canParse(from)) throw new InputError(`--from ${from}: not a URL`);
  const { host } = new URL(from);
  const permission = await Deno.permissions.query({ name: "net", host });
  if (permission.state !== "granted") {
    throw new InputError(`--from ${from}: ${host} is not allowed; ${remedy(host)}`);
  }
  return from;
}

/** `fluxion data verify NAME`. */
export async function verify({ json }: ListFlags, name: string): Promise<void> {
  const checks = await verifyDataset(name, dataFolder());
  if (json) printLine(JSON.stringify(checks, null, 2));
  else if (checks.length === 0) printLine(`${name} is computed: it has no files`);
  else for (const { path, problem } of checks) printLine(`${path}: ${problem ?? "whole"}`);
  const bad = checks.filter(({ problem }) => problem !== null);
  if (bad.length > 0) {
    throw new FailureError(
      `${name}: ${bad.length} of ${checks.length} files missing or damaged; ` +
        `run fluxion data fetch ${name}`,
    );
  }
}

import {
  dataTime,
  dataWidth,
  isImageNetwork,
  isPlane,
  priorTime,
  readRows,
  sample,
  type Samples,
} from "@fluxion/fluxion/program";
import { evenly, InputError, throwIfStopped } from "@fluxion/fluxion/core";
import { sweepTemporaries, writeFileAtomic } from "@fluxion/fluxion/files";
import type { Dataset } from "@fluxion/fluxion/data";
import { snapshotsPlot } from "@fluxion/fluxion/plot";
import { densityMass, pictureBounds } from "@fluxion/fluxion/report/evaluation";
import {
  curvesPicture,
  densityPicture,
  PICTURED,
  pictureTitle,
  rowKind,
  samplesPicture,
  type SamplesPictureOptions,
  TRAJECTORIES,
  trajectoriesPicture,
} from "@fluxion/fluxion/report/pictures";
import { pictureText } from "../../command_line.ts";
import { type PlotFlags, plotOptions } from "./flags.ts";
import { interruptible } from "../../process/interrupt.ts";
import { exists, isFolder, shownPath, userPath } from "../../paths.ts";
import { pictureFiles } from "../../pictures/pictures.ts";
import { printLine, type Say, speaker } from "../../terminal/terminal.ts";
import { curvesReference } from "../../pictures/curves_reference.ts";
import { forEachRun } from "../../runs/each_run.ts";
import { namedRuns } from "../../runs/named_runs.ts";
import { runFolder } from "../../runs/runs_folder.ts";
import { openData } from "../../runs/open_data.ts";
import { type OpenedRun, openRun } from "../../runs/open_run.ts";
import { solveSettings } from "../../runs/solve_settings.ts";

/** A picture to draw. */
interface Picture {
  readonly file: string;
  /** Draws a PNG file, or returns the reason why there is nothing to draw. */
  draw(): Promise<Uint8Array | { readonly nothing: string }>;
}

/** `fluxion plot RUN...`. */
export async function plot(flags: PlotFlags, ...names: string[]): Promise<void> {
  const runs = await namedRuns(names);
  const messages = { notice: "stopping", outcome: "interrupted; the pictures drawn so far stay" };
  const outOf = await folders(flags, runs);
  await interruptible(
    messages,
    () =>
      forEachRun(runs, { declared: plotOptions, flags }, async (run) => {
        for (const path of await plotRun({ ...flags, out: outOf(run) }, run)) printLine(path);
      }),
  );
}

/**
 * The folder of each run's pictures: `out`, and for several runs one with the run's name in it.
 *
 * @throws {InputError} If two runs have the same name.
 */
async function folders(
  { out }: PlotFlags,
  runs: readonly string[],
): Promise<(run: string) => string | undefined> {
  if (out === undefined || runs.length < 2) return () => out;
  const names = new Map<string, string>();
  const taken = new Map<string, string>();
  for (const run of new Set(runs)) {
    const folder = await runFolder(run).catch(() => userPath(run));
    const name = folder.split(/[/\\]/).at(-1)!;
    const other = taken.get(name);
    if (other !== undefined && other !== folder) {
      throw new InputError(
        `--out ${out}: ${shownPath(other)} and ${
          shownPath(folder)
        } have the same name; plot them ` +
          "one at a time",
      );
    }
    taken.set(name, folder);
    names.set(run, `${out}/${name}`);
  }
  return (run) => names.get(run);
}

/** Draws the pictures of a run and returns their paths, relative to the working directory. */
export async function plotRun(flags: PlotFlags, run: string): Promise<string[]> {
  const opened = await openRun(run, flags);
  try {
    const folder = flags.out === undefined ? opened.folder : userPath(flags.out);
    if (folder === null) {
      throw new InputError(`${opened.name} comes with Fluxion and has no folder; give --out DIR`);
    }
    const say: Say = speaker(flags);
    const pictures = picturesOf(opened, flags, say);
    if (flags.out !== undefined) await prepareFolder(folder, pictures, flags);
    await sweepTemporaries(folder);
    const paths: string[] = [];
    for (const picture of pictures) {
      throwIfStopped();
      const drawn = await picture.draw();
      if (!(drawn instanceof Uint8Array)) {
        say(`${picture.file}: nothing to draw, ${drawn.nothing}`);
        continue;
      }
      await writeFileAtomic(`${folder}/${picture.file}`, drawn);
      paths.push(shownPath(`${folder}/${picture.file}`));
    }
    return paths;
  } finally {
    opened.close();
  }
}

async function prepareFolder(
  folder: string,
  pictures: readonly Picture[],
  flags: PlotFlags,
): Promise<void> {
  if (await exists(folder) && !(await isFolder(folder))) {
    throw new InputError(`--out ${flags.out}: is a file; name a folder`);
  }
  for (const { file } of pictures) {
    if (!flags.overwrite && await exists(`${folder}/${file}`)) {
      throw new InputError(
        `--out ${flags.out}: ${file} is there already; pass --overwrite to replace it`,
      );
    }
  }
  await Deno.mkdir(folder, { recursive: true });
}

function picturesOf(opened: OpenedRun, flags: PlotFlags, say: Say): Picture[] {
  const { model, engines, config, captions } = opened;
  const { network } = model;
  const labelled = { ...captions, text: pictureText() };
  const settings = solveSettings(flags, config);
  const seed = flags.seed ?? 0;
  const inPlane = isPlane(model);
  const snapshots = inPlane ? evenly(priorTime(model.kind), dataTime(model.kind), 5) : [];
  const data = dataOnce(opened, say);
  const draw = () => {
    const count = PICTURED[rowKind(network)];
    return sample(model, engines, {
      count,
      seed,
      settings,
      ...(inPlane ? { times: snapshots } : {}),
    });
  };
  // Drawn once and shared by the pictures.
  let drawn: Promise<Samples> | null = null;
  const shared = () => drawn ??= draw();
  const pictures: Picture[] = [];
  if (model.kind === "cnf" && inPlane) {
    pictures.push({
      file: pictureFiles.density,
      draw: async () => {
        const { samples: points } = await shared();
        const dataset = await data();
        const test = dataset?.kind === "points" ? dataset.test.points : new Float32Array(0);
        const found = await densityMass({ model, engines, settings }, test);
        const grid = found.grid(pictureBounds(found, test));
        if (grid === null) return { nothing: found.reason! };
        return await densityPicture(grid, { ...labelled, dataset, samples: points });
      },
    });
  }
  pictures.push({
    file: pictureFiles.samples,
    draw: async () =>
      await samplesPicture(model, (await shared()).samples, {
        ...labelled,
        ...comparedWith(await data()),
      }),
  });
  if (inPlane) {
    pictures.push({
      file: pictureFiles.snapshots,
      draw: async () => {
        const { states } = await shared();
        const { data: compared } = comparedWith(await data());
        return await snapshotsPlot({ states, times: snapshots }, {
          ...labelled,
          ...(compared === undefined ? {} : {
            data: { points: compared.rows, label: compared.label },
          }),
        });
      },
    });
  }
  if (inPlane || isImageNetwork(network)) {
    pictures.push({
      file: pictureFiles.trajectories,
      draw: async () => {
        const trajectories = TRAJECTORIES[rowKind(network)];
        const times = evenly(priorTime(model.kind), dataTime(model.kind), trajectories.times);
        const { states } = await sample(model, engines, {
          count: trajectories.samples,
          seed,
          settings,
          times,
        });
        return await trajectoriesPicture(model, states, { ...labelled, times });
      },
    });
  }
  pictures.push({
    file: pictureFiles.curves,
    draw: async () =>
      await curvesPicture(await opened.readLog(), {
        model: model.kind,
        ...labelled,
        title: pictureTitle(config, opened.step),
        reference: await curvesReference(opened.runConfig),
      }) ?? {
        nothing: opened.folder === null
          ? `${opened.name} comes without the log of its training`
          : "the run has taken no training step",
      },
  });
  return pictures;
}

/** The run's data, opened once; null if they are missing, as pictures do not need them. */
function dataOnce(opened: OpenedRun, say: Say): () => Promise<Dataset | null> {
  const { config, dataOptions } = opened;
  const open = async (): Promise<Dataset | null> => {
    if (config.data === "-") {
      say("pictures without the data, which came from the standard input");
      return null;
    }
    try {
      const dataset = await openData(config.data, { ...dataOptions, fromRun: "putBack" });
      const { network } = opened.model;
      const width = dataset.kind === "points"
        ? dataset.dims
        : dataset.height * dataset.width * dataset.channels;
      const fits = (dataset.kind === "images") === isImageNetwork(network) &&
        width === dataWidth(opened.model);
      return fits ? dataset : null;
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      say(`pictures without the data: ${error.message}`);
      return null;
    }
  };
  let opening: Promise<Dataset | null> | null = null;
  return () => opening ??= open();
}

/** The first test rows, as many as samples are drawn, to stand beside them. */
function comparedWith(dataset: Dataset | null): Pick<SamplesPictureOptions, "data"> {
  if (dataset === null || dataset.test.count === 0) return {};
  const count = Math.min(dataset.test.count, PICTURED[dataset.kind]);
  const rows = readRows(dataset, "test", Array.from({ length: count }, (_, i) => i));
  return { data: { rows, label: dataset.kind === "points" ? "test points" : "test images" } };
}

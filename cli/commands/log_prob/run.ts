import { columnsOf, isImageNetwork, logProb as logProbOf, readRunConfig } from "@fluxion/fluxion";
import { InputError } from "@fluxion/fluxion/core";
import { encodeNpy, fileKind, noSuchFile, readPoints } from "@fluxion/fluxion/data";
import type { LogProbFlags } from "./command.ts";
import { PartlyFailed } from "../../terminal/errors.ts";
import { sayFailedRows } from "../../runs/failed_rows.ts";
import { interruptible } from "../../process/interrupt.ts";
import { outputPath, userPath } from "../../paths.ts";
import { readStdin } from "../../terminal/stdin.ts";
import { writeStream } from "../../terminal/stream_file.ts";
import { openRun, runFolder } from "../../runs/open_run.ts";
import { solveSettings, traceSettings } from "../../runs/solve_settings.ts";

/** `fluxion log-prob RUN --points FILE`. */
export async function logProb(flags: LogProbFlags, run: string): Promise<void> {
  const told = { words: "stopping", outcome: "interrupted; nothing was written" };
  await interruptible(told, () => writeLogProb(flags, run));
}

async function writeLogProb(flags: LogProbFlags, run: string): Promise<void> {
  const out = flags.out ?? "-";
  if (out !== "-" && !/\.(csv|npy)$/i.test(out)) {
    throw new InputError(`--out ${out}: expected a name ending .csv or .npy, or - for stdout`);
  }
  const path = out === "-" ? "-" : await outputPath(out, flags);
  const trace = traceSettings(flags);
  // The run says which columns are read, so it comes first; a name that is wrong is said at once.
  const from = userPath(flags.points);
  if (from !== "-" && await fileKind(from) === null) throw noSuchFile(from);
  const { points, count, dims } = await readPoints(from, {
    readStdin,
    columns: columnsOf(await readRunConfig(await runFolder(run))),
  });
  const opened = await openRun(run, flags);
  try {
    const { model, engine, config } = opened;
    const { network } = model;
    if (isImageNetwork(network)) {
      throw new InputError(`${opened.name}: a model of images has no log-likelihood here`);
    }
    if (network.rowWidth !== dims) {
      throw new InputError(
        `--points ${flags.points}: expected ${network.rowWidth} numbers per row, as the model has, ` +
          `found ${dims}`,
      );
    }
    const settings = solveSettings(flags, config);
    const { logProb: values, failures } = await logProbOf(model, engine, points, {
      settings,
      trace,
      seed: flags.seed ?? 0,
      onFailure: flags.onFailure ?? "continue",
    });
    await writeStream(
      path,
      /\.npy$/i.test(out)
        ? encodeNpy([count], [Float32Array.from(values)])
        : [new TextEncoder().encode(`${values.join("\n")}\n`)],
    );
    sayFailedRows(failures);
    if (failures.length > 0) throw new PartlyFailed(`${failures.length} rows failed`);
  } finally {
    opened.close();
  }
}

import { isImageNetwork, readRows, sample } from "@fluxion/fluxion/program";
import { InputError } from "@fluxion/fluxion/core";
import { writeFileAtomic } from "@fluxion/fluxion/files";
import { labelledGrid } from "@fluxion/fluxion/plot";
import { pictureText } from "../command_line.ts";
import { openData } from "../runs/open_data.ts";
import { openRun } from "../runs/open_run.ts";
import { solveSettings } from "../runs/solve_settings.ts";

/** A model whose samples are compared. */
export interface ComparedModel {
  /** A run's folder, or a model that comes with Fluxion. */
  readonly run: string;
  /** Label above its samples. */
  readonly label: string;
}

/** Samples per model, a square. */
const SAMPLES = 36;

/**
 * Draws samples of several models of grey images side by side, all from the same noise, and test
 * images of the first one's data beside them.
 *
 * @param path The PNG file to write.
 */
export async function drawComparedSamples(
  models: readonly ComparedModel[],
  { path, title }: { readonly path: string; readonly title: string },
): Promise<void> {
  const cells: Float32Array[] = [];
  let size: { readonly height: number; readonly width: number } | null = null;
  for (const { run } of models) {
    const opened = await openRun(run, { quiet: true });
    try {
      const { model, engines, config } = opened;
      const { network } = model;
      if (!isImageNetwork(network)) {
        throw new InputError(`${run}: a model of points, not of images`);
      }
      const settings = solveSettings({}, config);
      const { samples } = await sample(model, engines, { count: SAMPLES, seed: 0, settings });
      cells.push(Float32Array.from(samples));
      if (size !== null) continue;
      size = network.image;
      const dataset = await openData(config.data, opened.dataOptions);
      const indices = Array.from({ length: SAMPLES }, (_, i) => i);
      cells.push(Float32Array.from(readRows(dataset, "test", indices)));
    } finally {
      opened.close();
    }
  }
  const [first, test, ...others] = cells;
  const ordered = [first!, ...others, test!];
  const images = new Float32Array(ordered.length * first!.length);
  ordered.forEach((cell, i) => images.set(cell, i * first!.length));
  const { height, width } = size!;
  await writeFileAtomic(
    path,
    await labelledGrid(images, {
      height,
      width,
      title,
      columns: ordered.length,
      perCell: SAMPLES,
      columnLabels: [...models.map(({ label }) => label), "test images"],
      text: pictureText(),
    }),
  );
}

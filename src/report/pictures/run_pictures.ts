import type { PointDataset } from "../../data/dataset.ts";
import type { FlowKind } from "../../flows/model.ts";
import { dataWidth, type ModelRows, type PointValues } from "../../flows/standardization.ts";
import { type Bounds, boundsOf } from "../../metrics/bounds.ts";
import { meanAndStdErr } from "../../metrics/statistics.ts";
import { isImageNetwork, type Network } from "../../nn/network.ts";
import { curvesPlot, type TrainingCurves } from "../../plot/curves_plot.ts";
import { imageGrid, pathGrid } from "../../plot/image_grid.ts";
import type { PictureOptions } from "../../plot/picture.ts";
import { pointsPlot } from "../../plot/points_plot.ts";
import { trajectoryPlot } from "../../plot/trajectory_plot.ts";
import { InputError } from "../../core/errors.ts";
import { bestEvaluation } from "../../train/run/run_metrics.ts";
import type { TrainingLog } from "../../train/run/training_log.ts";

/** Default number of samples in a picture. */
export const PICTURED = { points: 1000, images: 64 } as const;

/** Number of samples and times in a picture of trajectories. */
export const TRAJECTORIES = {
  points: { samples: 100, times: 41 },
  images: { samples: 8, times: 9 },
} as const;

/** Whether a network's rows are points or images. */
export function rowKind(network: Network): "points" | "images" {
  return isImageNetwork(network) ? "images" : "points";
}

/** Bounding box of points [n * 2], padded on each side by a fraction of its extent. */
export function boundsAround(points: ArrayLike<number>, share: number): Bounds {
  const { xMin, xMax, yMin, yMax } = boundsOf(points, 0);
  const x = share * (xMax - xMin) || 1, y = share * (yMax - yMin) || 1;
  return { xMin: xMin - x, xMax: xMax + x, yMin: yMin - y, yMax: yMax + y };
}

/** `count` evenly spaced times from `from` to `to`, both included. */
export function evenTimes(from: number, to: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => from + (to - from) * i / (count - 1));
}

/**
 * Draws samples: images in a grid (without the title), points as a scatter plot.
 *
 * @param samples [n * w].
 * @returns A PNG file.
 * @throws {InputError} If the images have more than one channel.
 */
export async function samplesPicture(
  model: ModelRows,
  samples: PointValues,
  options: PictureOptions,
): Promise<Uint8Array> {
  const { network } = model;
  if (!isImageNetwork(network)) {
    return await pointsPlot(samples, { dims: dataWidth(model), label: "samples", ...options });
  }
  const { height, width, channels } = network.image;
  requireGrey(channels);
  return imageGrid(samples, { height, width, text: options.text });
}

/**
 * Draws trajectories from noise to data: for images a grid along t, for 2-D points lines.
 *
 * @param states [times][n * w], the noise first.
 * @returns A PNG file.
 * @throws {InputError} If points are not two-dimensional, or images have more than one channel.
 */
export function trajectoriesPicture(
  model: ModelRows,
  states: readonly PointValues[],
  options: PictureOptions & { readonly times: readonly number[] },
): Promise<Uint8Array> {
  const { times, ...picture } = options;
  const { network } = model;
  if (isImageNetwork(network)) {
    const { height, width, channels } = network.image;
    requireGrey(channels);
    return pathGrid(states, { height, width, times, ...picture });
  }
  if (dataWidth(model) !== 2) {
    throw new InputError(
      `a picture of trajectories needs points of 2 dimensions, these have ${dataWidth(model)}; ` +
        "draw them to a file ending .npy or .csv",
    );
  }
  return trajectoryPlot({ states, times }, picture);
}

/** @throws {InputError} If images have more than one channel. */
function requireGrey(channels: number): void {
  if (channels !== 1) {
    throw new InputError(
      `a picture shows images of 1 channel, these have ${channels}; ` +
        "draw them to a file ending .npy",
    );
  }
}

/**
 * Draws the training curves; null if the run has taken no step.
 *
 * @returns A PNG file.
 */
export async function curvesPicture(
  { steps, evaluations }: TrainingLog,
  options: PictureOptions & {
    readonly model: FlowKind;
    readonly reference?: TrainingCurves["reference"];
  },
): Promise<Uint8Array | null> {
  const { model, reference, ...picture } = options;
  if (steps.length === 0) return null;
  const best = bestEvaluation(evaluations);
  const nfe = steps.map((entry) => entry.nfe).filter((count) => count !== null);
  return await curvesPlot({
    loss: model === "cnf" ? "nll" : "squaredError",
    steps: steps.map((entry) => entry.step),
    trainLoss: steps.map((entry) => entry.loss),
    evaluations,
    ...(best === undefined ? {} : { bestStep: best.step }),
    ...(nfe.length === steps.length ? { nfe } : {}),
    ...(reference ? { reference } : {}),
  }, picture);
}

/**
 * Reference line for a CNF's loss: the NLL of the true density on the test points, undefined if
 * that density is not known.
 */
export function lossReference(dataset: PointDataset): TrainingCurves["reference"] {
  if (dataset.density === null) return undefined;
  const { mean } = meanAndStdErr(dataset.density.logDensity(dataset.test.points));
  return { value: -mean, label: "true density, same test points" };
}

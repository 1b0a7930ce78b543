import type { FlowKind } from "../../flows/model.ts";
import { dataWidth, type ModelRows, type PointValues } from "../../flows/standardization.ts";
import { type Bounds, boundsOf } from "../../metrics/bounds.ts";
import { type ImageShape, isImageNetwork, type Network } from "../../nn/network.ts";
import { curvesPlot, type TrainingCurves } from "../../plot/curves_plot.ts";
import { imageGrid, pathGrid } from "../../plot/image_grid.ts";
import { labelledGrid } from "../../plot/labelled_grid.ts";
import type { CoordinateOptions, PictureOptions } from "../../plot/picture.ts";
import { pointsPlot } from "../../plot/points_plot.ts";
import { trajectoryPlot } from "../../plot/trajectory_plot.ts";
import { InputError } from "../../core/errors.ts";
import { bestEvaluation } from "../../train/run/run_metrics.ts";
import { grouped } from "../pages/format.ts";
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

/** Options of {@link samplesPicture}. */
export interface SamplesPictureOptions extends PictureOptions, CoordinateOptions {
  /** Data to compare with, [m * w]; in a second panel unless `place` is `behind`. */
  readonly data?: {
    readonly rows: PointValues;
    readonly label: string;
    readonly place?: "behind" | "beside";
  };
  /** Points: data [k * w] whose range the axes show; default all that are drawn. */
  readonly frame?: ArrayLike<number>;
}

/**
 * Draws samples: points as a histogram, a scatter plot or a scatter matrix, images in a grid, with
 * title and data only if there are data beside them.
 *
 * @param samples [n * w].
 * @returns A PNG file.
 * @throws {InputError} If the images have other than one or three channels.
 */
export async function samplesPicture(
  model: ModelRows,
  samples: PointValues,
  { data, ...options }: SamplesPictureOptions,
): Promise<Uint8Array> {
  const { network } = model;
  const count = (rows: PointValues) => grouped(rows.length / dataWidth(model));
  const label = `${count(samples)} samples`;
  const dataLabel = data === undefined ? "" : `${count(data.rows)} ${data.label}`;
  if (!isImageNetwork(network)) {
    return await pointsPlot(samples, {
      dims: dataWidth(model),
      label,
      ...options,
      ...(data === undefined ? {} : {
        reference: {
          points: data.rows,
          label: dataLabel,
          ...(data.place === undefined ? {} : { place: data.place }),
        },
      }),
    });
  }
  requireShown(network.image);
  if (data === undefined) return imageGrid(samples, { ...network.image, text: options.text });
  const perCell = Math.min(samples.length, data.rows.length) / network.rowWidth;
  const size = perCell * network.rowWidth;
  const both = new Float32Array(2 * size);
  both.set(samples.subarray(0, size));
  both.set(data.rows.subarray(0, size), size);
  const labels = [`${grouped(perCell)} samples`, `${grouped(perCell)} ${data.label}`];
  return await labelledGrid(both, {
    ...network.image,
    columns: 2,
    perCell,
    columnLabels: labels,
    ...options,
  });
}

/**
 * Draws trajectories from noise to data: for images a grid along t, for 2-D points lines.
 *
 * @param states [times][n * w], the noise first.
 * @returns A PNG file.
 * @throws {InputError} If points are not two-dimensional, or images have other than one or three channels.
 */
export function trajectoriesPicture(
  model: ModelRows,
  states: readonly PointValues[],
  options: PictureOptions & CoordinateOptions & { readonly times: readonly number[] },
): Promise<Uint8Array> {
  const { times, ...picture } = options;
  const { network } = model;
  if (isImageNetwork(network)) {
    requireShown(network.image);
    return pathGrid(states, { ...network.image, times, ...picture });
  }
  if (dataWidth(model) !== 2) {
    throw new InputError(
      `a picture of trajectories needs points of 2 dimensions, these have ${dataWidth(model)}; ` +
        "draw them to a file ending .npy or .csv",
    );
  }
  return trajectoryPlot({ states, times }, picture);
}

/** @throws {InputError} If images are neither grey nor in colour. */
function requireShown({ channels }: ImageShape): void {
  if (channels !== 1 && channels !== 3) {
    throw new InputError(
      `a picture shows images of 1 or 3 channels, these have ${channels}; ` +
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

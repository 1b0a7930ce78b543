import { pictureText } from "./command_line.ts";
import type { Network } from "../src/nn/network.ts";
import { curvesPlot, type TrainingCurves } from "../src/plot/curves_plot.ts";
import { imageGrid, pathGrid } from "../src/plot/image_grid.ts";
import { pointsPlot } from "../src/plot/points_plot.ts";
import { trajectoryPlot } from "../src/plot/trajectory_plot.ts";
import { InputError } from "../src/runtime/errors.ts";
import type { TrainingLog } from "../src/train/training_log.ts";

/** Names of the pictures that `fluxion plot` draws. */
export const pictureFiles = {
  density: "density.png",
  samples: "samples.png",
  snapshots: "snapshots.png",
  trajectories: "trajectories.png",
  curves: "curves.png",
} as const;

/** How many samples a picture shows unless asked for more. */
export const PICTURED = { mlp: 1000, resnet: 64, unet: 64 } as const;

/** Most points of a scatter plot, and most images or points of many dimensions: more could not be told apart. */
const MOST_PICTURED = { plane: 50_000, other: 10_000 } as const;

/**
 * Most samples of a picture. Points of more than two dimensions are drawn once
 * for each pair of coordinates.
 *
 * @param dims Numbers a point; null for images.
 */
export function mostPictured(dims: number | null): number {
  return dims !== null && dims <= 2 ? MOST_PICTURED.plane : MOST_PICTURED.other;
}

/**
 * Samples as a picture: images in a grid, points as a scatter plot.
 *
 * @param samples [n * w].
 * @returns A PNG file.
 */
export async function samplesPicture(
  network: Network,
  samples: Float32Array,
  title: string,
): Promise<Uint8Array> {
  switch (network.kind) {
    case "mlp":
      return await pointsPlot(samples, {
        dims: network.dims,
        label: "samples",
        title,
        text: pictureText(),
      });
    case "resnet":
    case "unet": {
      requireGrey(network.channels);
      return imageGrid(samples, {
        height: network.height,
        width: network.width,
        text: pictureText(),
      });
    }
    default:
      return network satisfies never;
  }
}

/**
 * The way from noise to data: for images a grid along t, for points of the plane lines.
 *
 * @param states [times][n * w], the noise first.
 * @returns A PNG file.
 * @throws {InputError} If the points are not of two dimensions.
 */
export function trajectoriesPicture(
  network: Network,
  states: readonly Float32Array[],
  options: { readonly times: readonly number[]; readonly title: string },
): Promise<Uint8Array> {
  switch (network.kind) {
    case "mlp":
      if (network.dims !== 2) {
        throw new InputError(
          `a picture of trajectories needs points of 2 dimensions, these have ${network.dims}; ` +
            "give --out a name ending .npy or .csv",
        );
      }
      return trajectoryPlot({ states, times: options.times }, {
        title: options.title,
        text: pictureText(),
      });
    case "resnet":
    case "unet":
      requireGrey(network.channels);
      return pathGrid(states, {
        height: network.height,
        width: network.width,
        times: options.times,
        title: options.title,
        text: pictureText(),
      });
    default:
      return network satisfies never;
  }
}

function requireGrey(channels: number): void {
  if (channels !== 1) {
    throw new InputError(
      `pictures show images of 1 channel, these have ${channels}; give --out a name ending .npy`,
    );
  }
}

/**
 * The course of training as a picture, or null where there is no step to show.
 *
 * @returns A PNG file.
 */
export async function curvesPicture(
  { steps, evaluations }: TrainingLog,
  options: {
    readonly model: "cnf" | "fm";
    readonly title: string;
    readonly reference?: TrainingCurves["reference"];
  },
): Promise<Uint8Array | null> {
  if (steps.length === 0) return null;
  const nfe = steps.map((entry) => entry.nfe).filter((count) => count !== null);
  return await curvesPlot({
    loss: options.model === "cnf" ? "nll" : "squaredError",
    steps: steps.map((entry) => entry.step),
    trainLoss: steps.map((entry) => entry.loss),
    evaluations,
    ...(nfe.length === steps.length ? { nfe } : {}),
    ...(options.reference ? { reference: options.reference } : {}),
  }, { title: options.title, text: pictureText() });
}

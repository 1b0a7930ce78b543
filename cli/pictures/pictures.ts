/** Names of the pictures that `fluxion plot` draws. */
export const pictureFiles = {
  density: "density.png",
  samples: "samples.png",
  snapshots: "snapshots.png",
  trajectories: "trajectories.png",
  curves: "curves.png",
} as const;

/** Name of the demo's picture of samples beside those of a longer training. */
export const COMPARED_FILE = "compared.png";

/** Limits for a scatter plot, and for images or points of many dimensions; more would overlap. */
const MOST_PICTURED = { plane: 50_000, other: 10_000 } as const;

/**
 * Largest number of samples in a picture. Points of more than two dimensions are drawn once per
 * pair of coordinates.
 *
 * @param dims Dimension of the points; null for images.
 */
export function mostPictured(dims: number | null): number {
  return dims !== null && dims <= 2 ? MOST_PICTURED.plane : MOST_PICTURED.other;
}

/** Removes the pictures that `fluxion plot` drew of a run that has been replaced. */
export function removePictures(run: string): void {
  for (const file of [...Object.values(pictureFiles), COMPARED_FILE]) {
    try {
      Deno.removeSync(`${run}/${file}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

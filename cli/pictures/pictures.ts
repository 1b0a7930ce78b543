/** Names of the pictures that `fluxion plot` draws. */
export const pictureFiles = {
  density: "density.png",
  samples: "samples.png",
  snapshots: "snapshots.png",
  trajectories: "trajectories.png",
  curves: "curves.png",
} as const;

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

/** Removes what `fluxion plot` drew of a run, where the run is another now. */
export function removePictures(run: string): void {
  for (const file of Object.values(pictureFiles)) {
    try {
      Deno.removeSync(`${run}/${file}`);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

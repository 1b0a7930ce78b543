/**
 * How far apart two clouds of points are, how much mass a density has, means with their errors.
 * Knows no model and loads no tensor library.
 *
 * @module
 */
export { type Bounds, boundsOf } from "./bounds.ts";
export type { DensityGrid } from "./density_grid.ts";
export { type DensityMass, integrateDensity, type LogDensity } from "./integrate_density.ts";
export { type Estimate, meanAndStdErr, pairedDifference } from "./statistics.ts";
export { slicedWasserstein2, wasserstein2 } from "./wasserstein.ts";

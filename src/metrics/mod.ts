/**
 * Wasserstein distances between point clouds, the mass of a density, means with standard errors.
 * Independent of models; loads no tensor library.
 *
 * @module
 */
export { type Bounds, boundsOf } from "./bounds.ts";
export type { DensityGrid } from "./density_grid.ts";
export { type DensityMass, integrateDensity, type LogDensity } from "./integrate_density.ts";
export { type Estimate, meanAndStdErr, pairedDifference } from "./statistics.ts";
export { slicedWasserstein2, wasserstein2 } from "./wasserstein.ts";

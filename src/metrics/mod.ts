/**
 * Wasserstein distances between point clouds, the mass of a density, a fitted normal distribution,
 * means with standard errors.
 * Independent of models; loads no tensor library.
 *
 * @module
 */
export { type Bounds, boundsOf } from "./bounds.ts";
export type { DensityGrid } from "./density_grid.ts";
export { fitGaussian, type FittedGaussian } from "./gaussian.ts";
export { type DensityMass, integrateDensity, type LogDensity } from "./integrate_density.ts";
export { type Estimate, meanAndStdErr, pairedDifference } from "./statistics.ts";
export { slicedWasserstein2, wasserstein2 } from "./wasserstein.ts";

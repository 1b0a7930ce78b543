/**
 * Evaluation of models: likelihood, loss, and the integral of the density.
 *
 * @module
 */
export {
  densityMass,
  type EvaluatedModel,
  evaluateFm,
  evaluateLikelihood,
  type FmEvaluation,
  type LikelihoodEvaluation,
  type ModelMass,
  pictureBounds,
} from "./evaluation.ts";
export { type EpochLosses, epochLosses } from "./epoch_losses.ts";
export type { GaussianBaseline } from "./gaussian_baseline.ts";
export { lossReference } from "./loss_reference.ts";
export type { SampleDistances } from "./sample_distances.ts";
export { type BitsPerDimEvaluation, evaluateBitsPerDim } from "./bits_per_dim.ts";
export type { Bounds } from "../../metrics/bounds.ts";
export type { DensityGrid } from "../../metrics/density_grid.ts";
export type { DensityMass } from "../../metrics/integrate_density.ts";

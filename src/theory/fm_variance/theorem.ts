import type { Theorem } from "../theorem.ts";
import { checkFmVariance, type FmVarianceCheck } from "./check.ts";
import brief from "./brief.md" with { type: "text" };
import derivation from "./derivation.md" with { type: "text" };
import { drawFmVariance, panels } from "./picture.ts";

/** Between two equal Gaussians a flow-matching path contracts, to half its variance at t = 1/2. */
export const fmVariance: Theorem<FmVarianceCheck> = {
  name: "fm-variance",
  title: "The variance of a flow-matching path between two equal Gaussians",
  brief,
  derivation,
  alt: "Four charts. Variance of x_t against t for five correlations rho of noise and data: flat " +
    "for rho = 1, a dip to one half at t = 1/2 for rho = 0, to zero for rho = -1, with sampled " +
    "points on the curves. Straight lines from noise to data, which cross and are closest together in " +
    "the middle. Trajectories of the marginal field from the same starts, which bend inwards and " +
    "return. The norm of x_t in 2 and in 784 dimensions: in 784 a thin band that dips from " +
    "the shell of radius s sqrt(d) to 0.71 of it and comes back.",
  check: (options) => checkFmVariance(options),
  panels: (check) => Promise.resolve(panels(check)),
  picture: drawFmVariance,
};

import type { Path } from "./path.ts";

/**
 * The variance-preserving path: alpha = sin(pi t / 2), sigma = cos(pi t / 2), so that
 * alpha^2 + sigma^2 = 1. If source and data are independent with unit variance, so is x_t at every
 * time.
 *
 * Sources: Albergo and Vanden-Eijnden 2023, Building Normalizing Flows with Stochastic
 * Interpolants, equation 8 (trigonometric interpolant); Ma et al. 2024, SiT, section 2 (GVP).
 */
export const variancePreservingPath: Path = {
  name: "variance-preserving",
  at(t) {
    const angle = Math.PI / 2 * t;
    const alpha = Math.sin(angle);
    // Math.cos(pi / 2) is 6e-17.
    const sigma = t === 1 ? 0 : Math.cos(angle);
    return { alpha, sigma, dAlpha: Math.PI / 2 * sigma, dSigma: -Math.PI / 2 * alpha };
  },
};

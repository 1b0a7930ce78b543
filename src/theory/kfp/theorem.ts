import type { Theorem } from "../theorem.ts";
import { checkEquations, type KfpCheck } from "./check.ts";
import brief from "./brief.md" with { type: "text" };
import derivation from "./derivation.md" with { type: "text" };
import { equations } from "./equations.ts";
import { panels, picture } from "./picture.ts";

/**
 * The instantaneous change of variables of continuous normalizing flows is the
 * Kolmogorov-Fokker-Planck equation without noise.
 */
export const kfp: Theorem<KfpCheck> = {
  name: "kfp",
  title: "The density along a continuous flow obeys the Kolmogorov-Fokker-Planck equation " +
    "without noise",
  brief,
  derivation,
  alt: "Six charts. The flow x' = x - x^3 splits a Gaussian density in two, with trajectories " +
    "and five profiles; below, along three of the trajectories, the finite differences of " +
    "log p (dots) lie on the curves of minus the trace. A trained continuous normalizing " +
    "flow carries noise to two moons; below, the same agreement along three curved " +
    "trajectories. The errors of five cases against the step lie on dashed lines of slope " +
    "2. With noise the dots follow the general equation and deviate from the flat line of " +
    "the special form.",
  check: (options) => checkEquations(equations, options),
  panels,
  picture,
};

import type { Theorem } from "../theorem.ts";
import { checkEquations, type KfpCheck } from "./check.ts";
import derivation from "./derivation.md" with { type: "text" };
import { equations } from "./equations.ts";
import { picture } from "./picture.ts";

/**
 * The instantaneous change of variables of continuous normalizing flows is the
 * Kolmogorov-Fokker-Planck equation without noise.
 */
export const kfp: Theorem<KfpCheck> = {
  name: "kfp",
  title: "The density along a continuous flow obeys the Kolmogorov-Fokker-Planck equation " +
    "without noise",
  derivation,
  alt:
    "Six charts. A hill of density is parted in two by the flow x' = x - x^3, its trajectories " +
    "drawn through five profiles; beneath, along three of them, dots for the finite differences of " +
    "log p lie on the curves of minus the trace. A trained continuous normalizing flow carries noise " +
    "to two moons; beneath, the same agreement along three winding curves. The errors of five " +
    "cases against the step lie on dashed lines of slope 2. With noise the dots follow the general " +
    "equation and leave the flat line of the special form.",
  check: (options) => checkEquations(equations, options),
  picture,
};

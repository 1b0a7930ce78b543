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
  alt: "",
  check: (options) => checkEquations(equations, options),
  picture,
};

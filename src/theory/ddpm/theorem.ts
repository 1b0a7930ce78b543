import type { Theorem } from "../theorem.ts";
import { checkUpdates, type DdpmCheck } from "./check.ts";
import derivation from "./derivation.md" with { type: "text" };
import { picture } from "./picture.ts";
import { updates } from "./updates.ts";

/**
 * The ancestral step of DDPM is, up to o(dt), the Euler-Maruyama step of the
 * reverse stochastic differential equation.
 */
export const ddpm: Theorem<DdpmCheck> = {
  name: "ddpm",
  title: "DDPM's ancestral sampling is the Euler-Maruyama scheme of a reverse SDE",
  derivation,
  alt: "Six charts. The difference of one ancestral and one Euler-Maruyama step falls as the " +
    "square of the step, on the line that the theorem predicts, for N from 10 to 10,240. With " +
    "beta up to 5 and 20 it leaves that line at few steps, and at 20 the first two values are " +
    "missing. The coefficients of both steps against beta_t: they part as beta_t nears 1, where " +
    "those of the ancestral step grow without bound. The distance to the data's law falls as 1/N " +
    "for both samplers; that of drawn points ends in the floor that a finite sample has. " +
    "Histograms of both samplers with 10 steps are a little too wide for the three peaks; with " +
    "320 steps they match.",
  check: ({ seed }) => Promise.resolve(checkUpdates(updates, seed)),
  picture,
};

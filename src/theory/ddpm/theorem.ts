import type { Theorem } from "../theorem.ts";
import { checkUpdates, type DdpmCheck } from "./check.ts";
import brief from "./brief.md" with { type: "text" };
import derivation from "./derivation.md" with { type: "text" };
import { panels, picture } from "./picture.ts";
import { updates } from "./updates.ts";

/**
 * The ancestral step of DDPM is, up to o(dt), the Euler-Maruyama step of the
 * reverse stochastic differential equation.
 */
export const ddpm: Theorem<DdpmCheck> = {
  name: "ddpm",
  title: "DDPM's ancestral sampling is the Euler-Maruyama scheme of a reverse SDE",
  brief,
  derivation,
  alt: "Six charts. The difference of one ancestral and one Euler-Maruyama step falls with the " +
    "square of the step, on the predicted line, for N from 10 to 10,240. Divided by that " +
    "line it approaches 1 from above, the later the larger beta is; with beta up to 20 " +
    "there is no value at N = 10 and 20. The coefficients of the two steps, plotted against " +
    "beta_t, separate as beta_t approaches 1, where those of the ancestral step grow " +
    "without bound. The distance of both samplers' laws to the data's falls as 1/N; that of " +
    "drawn points levels off at the floor of a finite sample. Histograms of both samplers " +
    "with 10 steps are slightly too low and too wide at the three peaks; with 320 steps " +
    "they match.",
  check: ({ seed }) => Promise.resolve(checkUpdates(updates, seed)),
  panels: (check) => Promise.resolve(panels(check)),
  picture,
};

import type { Update } from "../../../src/theory/ddpm/updates.ts";

/** An ancestral step with other coefficients of x and the score, as functions of beta_t. */
export function ancestralWith(
  ofX: (betaT: number) => number,
  ofScore: (betaT: number) => number,
): Update {
  return (x, { score, noise, beta, dt }) => {
    const betaT = -beta * dt;
    const a = ofX(betaT), c = ofScore(betaT), spread = Math.sqrt(betaT);
    return x.map((at, i) => a * at + c * score[i]! + spread * noise[i]!);
  };
}

const inverse = (betaT: number) => 1 / Math.sqrt(1 - betaT);

/** Ancestral steps with one mistake each. */
export const mistakes: Readonly<Record<string, Update>> = {
  "the score's sign is wrong": ancestralWith(inverse, (b) => -b * inverse(b)),
  "half of the score's factor is dropped": ancestralWith(inverse, (b) => b / 2 * inverse(b)),
  "sqrt(1 - beta_t) lost its inverse": ancestralWith(
    (b) => Math.sqrt(1 - b),
    (b) => b * Math.sqrt(1 - b),
  ),
};

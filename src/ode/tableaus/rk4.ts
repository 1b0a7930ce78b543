import { defineTableau, type Tableau } from "../tableau.ts";

/**
 * Kutta's 3/8 rule: four stages, order 4; what torchdiffeq calls `rk4`.
 * Source: Kutta 1901, Z. Math. Phys. 46, 435-453.
 */
export const rk4: Tableau = defineTableau({
  name: "rk4",
  order: 4,
  c: [0, 1 / 3, 2 / 3, 1],
  a: [
    [],
    [1 / 3],
    [-1 / 3, 1],
    [1, -1, 1],
  ],
  b: [1 / 8, 3 / 8, 3 / 8, 1 / 8],
});

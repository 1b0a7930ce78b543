import { defineTableau, type Tableau } from "../tableau.ts";

/**
 * The classic Runge-Kutta method: four stages, order 4.
 * Source: Kutta 1901, Z. Math. Phys. 46, 435-453.
 */
export const rk4Classic: Tableau = defineTableau({
  name: "rk4-classic",
  order: 4,
  c: [0, 1 / 2, 1 / 2, 1],
  a: [
    [],
    [1 / 2],
    [0, 1 / 2],
    [0, 0, 1],
  ],
  b: [1 / 6, 1 / 3, 1 / 3, 1 / 6],
});

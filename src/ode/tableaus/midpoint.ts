import { defineTableau, type Tableau } from "../tableau.ts";

/**
 * The explicit midpoint method: two stages, order 2.
 * Source: Runge 1895, Math. Annalen 46, 167-178.
 */
export const midpoint: Tableau = defineTableau({
  name: "midpoint",
  order: 2,
  c: [0, 1 / 2],
  a: [
    [],
    [1 / 2],
  ],
  b: [0, 1],
});

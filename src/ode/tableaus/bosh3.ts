import { defineTableau, type Tableau } from "../tableau.ts";

/**
 * Bogacki-Shampine 3(2): four stages, first same as last.
 * Source: Bogacki & Shampine 1989, Appl. Math. Lett. 2(4), 321-325.
 */
export const bosh3: Tableau = defineTableau({
  name: "bosh3",
  order: 3,
  c: [0, 1 / 2, 3 / 4, 1],
  a: [
    [],
    [1 / 2],
    [0, 3 / 4],
    [2 / 9, 1 / 3, 4 / 9],
  ],
  b: [2 / 9, 1 / 3, 4 / 9, 0],
  bError: [-5 / 72, 1 / 12, 1 / 9, -1 / 8],
});

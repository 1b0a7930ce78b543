import { defineTableau, type Tableau } from "../tableau.ts";

/** Euler's method: one stage, order 1. */
export const euler: Tableau = defineTableau({
  name: "euler",
  order: 1,
  c: [0],
  a: [[]],
  b: [1],
});

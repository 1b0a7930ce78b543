import type { Tableau } from "./tableau.ts";
import { dopri5 } from "./tableaus/dopri5.ts";
import { euler } from "./tableaus/euler.ts";
import { midpoint } from "./tableaus/midpoint.ts";
import { rk4 } from "./tableaus/rk4.ts";
import { rk4Classic } from "./tableaus/rk4_classic.ts";

/** Every method by the name that the command line knows. Adding a solver is adding a table here. */
export const tableaus: Readonly<Record<string, Tableau>> = Object.fromEntries(
  [euler, midpoint, rk4, rk4Classic, dopri5].map((tableau) => [tableau.name, tableau]),
);

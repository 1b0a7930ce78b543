import type { Tableau } from "./tableau.ts";
import { bosh3 } from "./tableaus/bosh3.ts";
import { dopri5 } from "./tableaus/dopri5.ts";
import { euler } from "./tableaus/euler.ts";
import { midpoint } from "./tableaus/midpoint.ts";
import { rk4 } from "./tableaus/rk4.ts";
import { rk4Classic } from "./tableaus/rk4_classic.ts";
import { tsit5 } from "./tableaus/tsit5.ts";

/** All methods by their name on the command line. To add a solver, add its tableau here. */
export const tableaus: Readonly<Record<string, Tableau>> = Object.fromEntries(
  [euler, midpoint, rk4, rk4Classic, bosh3, dopri5, tsit5].map((
    tableau,
  ) => [tableau.name, tableau]),
);

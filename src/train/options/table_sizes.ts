import type { FlowKind } from "../../flows/model.ts";
import type { TrainOptions } from "./table.ts";

/** Size of a table. */
export interface TableSize {
  /** Number of rows that train. */
  readonly rows: number;
  /** Number of the model's coordinates: columns, or more for categorical ones. */
  readonly dims: number;
}

/** Coordinates up to which width 32 suffices and the exact trace is cheap. */
const FEW_DIMS = 16;

/**
 * Defaults of a run on a table from a file, where they differ from those of other points.
 *
 * - `noise`: Scott's bandwidth of a kernel density estimate of whitened rows, n^(-1/(d + 4)).
 *   Source: Scott 1992, Multivariate Density Estimation, equation 6.42.
 * - `weightDecay`: 0.1/n. That of standard normal weights a priori, 1/n, cost 0.9 nats on one of the
 *   tables.
 * - `hidden` and `trace` of a CNF: by the number of coordinates.
 * - `regularize`: nothing, since the penalty was measured on built-in points alone.
 * - `steps` of flow matching: validation chooses among them.
 *
 * Chosen on four tables of 150 to 569 rows and 4 to 30 columns: docs/small-tables.md.
 */
export function tableDefaults(model: FlowKind, { rows, dims }: TableSize): TrainOptions {
  const noise = round(rows ** (-1 / (dims + 4)));
  const weightDecay = round(0.1 / rows);
  if (model === "fm") return { noise, weightDecay, steps: 8000 };
  const isNarrow = dims <= FEW_DIMS;
  return {
    hidden: isNarrow ? 32 : 64,
    noise,
    weightDecay,
    lr: 5e-3,
    ema: 0.99,
    steps: Math.min(3000, Math.max(1000, 3 * rows)),
    rtol: 1e-2,
    atol: 1e-2,
    trace: isNarrow ? "exact" : "hutchinson",
    regularize: "none",
  };
}

/** Three significant digits. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}

import { gridOf } from "./grid.ts";
import { spreadOf } from "./spread.ts";

/** What a column of real numbers would be learnt better as, and the reason. */
export type ColumnAdvice =
  /** Positive, and much less skewed in logarithms. */
  | { readonly kind: "log"; readonly skewness: number }
  /** Values on a grid that repeat: a density has no bound on them. */
  | { readonly kind: "dequantize"; readonly different: number; readonly step: number }
  /** One value stands out, and the others are on no coarse grid. */
  | { readonly kind: "pointMass"; readonly value: number; readonly share: number };

/** Skewness above which a column is strongly skewed; an exponential distribution has 2. */
const SKEWED = 2;

/** A step below this part of the standard deviation is a matter of digits, not of counting. */
const COARSE = 0.02;

/** Shares of the rows: of different values if they are few, or whole numbers; of one value alone. */
const FEW = { any: 0.3, whole: 0.7 } as const;
const ONE_VALUE = 1 / 3;

/** Fewest rows that tell a distribution. */
const LEAST_ROWS = 20;

/**
 * Advice on a column, null if it has a density for all that can be seen.
 *
 * @param rising Its values in ascending order, at least two of them different.
 */
export function columnAdvice(rising: Float64Array): ColumnAdvice | null {
  const n = rising.length;
  if (n < LEAST_ROWS) return null;
  const { different, mode, modeShare } = repetitions(rising);
  const { deviation, skewness } = spreadOf(rising);
  const grid = gridOf(rising);
  if (grid !== null && grid.step >= COARSE * deviation) {
    const few = Number.isInteger(grid.step) ? FEW.whole : FEW.any;
    if (different <= few * n || modeShare >= ONE_VALUE) {
      return { kind: "dequantize", different, step: grid.step };
    }
  }
  if (modeShare >= ONE_VALUE) return { kind: "pointMass", value: mode, share: modeShare };
  if (rising[0]! > 0 && skewness > SKEWED) {
    const inLogs = spreadOf(rising.map(Math.log)).skewness;
    if (Math.abs(inLogs) < skewness / 2) return { kind: "log", skewness };
  }
  return null;
}

/** Number of different values, and the most frequent one. */
function repetitions(rising: Float64Array) {
  let different = 0, run = 0, most = 0, mode = rising[0]!;
  rising.forEach((value, i) => {
    run = i > 0 && value === rising[i - 1] ? run + 1 : 1;
    if (run === 1) different++;
    if (run > most) [most, mode] = [run, value];
  });
  return { different, mode, modeShare: most / rising.length };
}

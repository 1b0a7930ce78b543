import { fillNormal, fillSigns, type RandomKey } from "../core/random/random.ts";

/** Random probes as data: engines draw them where they are needed, and all draw the same bits. */
export interface Probes {
  /** Distribution of the entries: standard normal, or +1 and -1 with equal probability. */
  readonly distribution: "gaussian" | "rademacher";
  /** The random stream. */
  readonly key: RandomKey;
  /** Row i of a solve uses probe `firstRow + i` of the stream, however rows are split into solves. */
  readonly firstRow: number;
}

/**
 * Draws the probes of the first `rows` rows of a solve.
 *
 * @param dims Entries per probe.
 * @returns [rows * dims], row-major.
 */
export function drawProbes(
  { distribution, key, firstRow }: Probes,
  rows: number,
  dims: number,
): Float32Array {
  const fill = distribution === "gaussian" ? fillNormal : fillSigns;
  return fill(key, firstRow * dims, new Float32Array(rows * dims));
}

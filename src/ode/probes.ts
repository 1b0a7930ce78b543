import { fillNormal, fillSigns, type RandomKey } from "../core/random/random.ts";

/** Random probes as data: an engine draws them where it needs them, and every engine the same bits. */
export interface Probes {
  /** Of each entry: standard normal, or +1 and -1 with equal probability. */
  readonly distribution: "gaussian" | "rademacher";
  /** The sequence of random numbers. */
  readonly key: RandomKey;
  /** Row i of a solve has the probe of row `firstRow + i` of the sequence, however rows are cut into solves. */
  readonly firstRow: number;
}

/**
 * Draws the probes of the rows 0 to `rows` of a solve.
 *
 * @param dims Entries of a probe.
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

/** Weights of the energies of a trajectory in a loss, finite and 0 or above. */
export interface EnergyWeights {
  /** Of the integral of |f|^2. */
  readonly kinetic: number;
  /** Of the integral of |df/dz|_F^2. */
  readonly jacobian: number;
}

/**
 * Reads `kinetic=K,jacobian=J`, either alone (the other weight is 0), or `none`.
 *
 * @returns null if the text is neither; a weight is finite and 0 or above.
 */
export function energyWeights(text: string): EnergyWeights | null {
  if (text === "none") return { kinetic: 0, jacobian: 0 };
  const found = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name, number] = /^(kinetic|jacobian)=(.+)$/.exec(part.trim()) ?? [];
    const weight = number === undefined || number.trim() === "" ? NaN : Number(number);
    if (name === undefined || found.has(name) || !(weight >= 0 && weight < Infinity)) return null;
    found.set(name, weight);
  }
  return { kinetic: found.get("kinetic") ?? 0, jacobian: found.get("jacobian") ?? 0 };
}

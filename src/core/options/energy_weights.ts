/** Weights of what a CNF's training penalises along its trajectories, finite and 0 or above. */
export interface EnergyWeights {
  /** Of the integral of |f|^2. */
  readonly kinetic: number;
  /** Of the integral of |df/dz|_F^2. */
  readonly jacobian: number;
  /** Of the number of steps that a solve would take, in nats per step. Default: 0. */
  readonly steps?: number;
}

/** Whether the energies are penalised, and so are parts of the state. */
export function penalisesEnergies({ kinetic, jacobian }: EnergyWeights): boolean {
  return kinetic + jacobian > 0;
}

/**
 * Reads `kinetic=K,jacobian=J,steps=S`, or some of these (the other weights are 0), or `none`.
 *
 * @returns null for any other text; a weight is finite and 0 or above.
 */
export function energyWeights(text: string): EnergyWeights | null {
  if (text === "none") return { kinetic: 0, jacobian: 0, steps: 0 };
  const found = new Map<string, number>();
  for (const part of text.split(",")) {
    const [, name, number] = /^(kinetic|jacobian|steps)=(.+)$/.exec(part.trim()) ?? [];
    const weight = number === undefined || number.trim() === "" ? NaN : Number(number);
    if (name === undefined || found.has(name) || !(weight >= 0 && weight < Infinity)) return null;
    found.set(name, weight);
  }
  const weight = (name: string) => found.get(name) ?? 0;
  return { kinetic: weight("kinetic"), jacobian: weight("jacobian"), steps: weight("steps") };
}

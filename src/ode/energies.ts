import type { StatePart } from "./solver/rows.ts";

/** Whether the state carries the energies of the trajectory too: see {@link energyParts}. */
export interface EnergyOption {
  /** Set if it does. */
  readonly energies?: true;
}

/**
 * The energies of a trajectory, as the last parts of its state:
 *   dkinetic/dt = |f|^2,  djacobian/dt = |J|_F^2, the squared Frobenius norm of J = df/dz
 * From unit vectors |J|_F^2 is the sum of |J e|^2; a probe with E[e e^T] = I gives the unbiased
 * estimate |J e|^2 (or |J^T e|^2, by a VJP). They are quadratures that only a loss reads, so they
 * change no step size: the trajectory is the one without them.
 *
 * Source: Finlay et al. 2020, How to Train Your Neural ODE, section 4.
 */
export const energyParts: readonly StatePart[] = [
  { name: "kinetic", width: 1, uncounted: true },
  { name: "jacobian", width: 1, uncounted: true },
];

/** Columns of the energies in the state. */
export function energyColumns({ energies }: EnergyOption): number {
  return energies ? energyParts.length : 0;
}

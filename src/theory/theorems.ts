import type { Theorem, TheoremName } from "./theorem.ts";

/** Loads each theorem, with its derivation and check, on demand. */
const loaders: Readonly<Record<TheoremName, () => Promise<Theorem>>> = {
  kfp: async () => (await import("./kfp/theorem.ts")).kfp,
  ddpm: async () => (await import("./ddpm/theorem.ts")).ddpm,
  "fm-variance": async () => (await import("./fm_variance/theorem.ts")).fmVariance,
};

/** The names of the theorems, in the homework's order. */
export const theoremNames = Object.keys(loaders) as readonly TheoremName[];

/** Loads a theorem. */
export function loadTheorem(name: TheoremName): Promise<Theorem> {
  return loaders[name]();
}
